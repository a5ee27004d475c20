"""Code that LLVM makes of AES: ARMv8, which may not run here, and no branch or table in the portable one.

The logic of the ARMv8 lowering runs here with AESE and AESMC in software.
"""

from __future__ import annotations

import ctypes
import re
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import pytest
from llvmlite import ir

from gc2pc.kernels import aes, aes_rounds, simd
from tests.reference import protocol_spec as spec

ADDRESS = ir.IntType(64)


def encrypt_module(target: simd.Lowering) -> ir.Module:
    """A module with encrypt(address): four vectors of keys, then four of blocks, encrypted in place."""
    module = ir.Module("lowering")
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [ADDRESS]), "encrypt")
    builder = ir.IRBuilder(function.append_basic_block())
    base = builder.inttoptr(function.args[0], simd.BLOCKS.as_pointer())
    pointers = [builder.gep(base, [ir.Constant(simd.I32, i)]) for i in range(8)]
    loaded = [builder.load(pointer, align=8) for pointer in pointers]
    groups = aes.encrypt(builder, target, loaded[:4], None, [[block] for block in loaded[4:]])
    for pointer, (block,) in zip(pointers[4:], groups, strict=True):
        builder.store(block, pointer, align=8)
    builder.ret_void()
    return module


def define_software_rounds(module: ir.Module) -> str:
    """Give the two ARM intrinsics other names, and bodies from the portable lowering."""
    octets = ir.VectorType(simd.I8, 16)

    def eight(builder: Any, value: Any) -> list[Any]:
        return [builder.bitcast(value, simd.BLOCK)] * 8

    for function in [f for f in module.functions if f.name.startswith("llvm.aarch64.crypto")]:
        builder = ir.IRBuilder(function.append_basic_block())
        if function.name.endswith("aese"):
            last_round = aes_rounds.portable_round_function(module, last=True)
            state = builder.xor(*function.args)
            result = builder.extract_value(builder.call(last_round, eight(builder, state)), 0)
        else:
            planes = aes_rounds.transpose_bits(builder, eight(builder, function.args[0]))
            result = aes_rounds.transpose_bits(builder, aes_rounds.mix_columns(builder, planes))[0]
        builder.ret(builder.bitcast(result, octets))
    return str(module).replace("llvm.aarch64.crypto.", "software.")


def test_armv8_computes_aes() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(codemodel="jitdefault")
    text = define_software_rounds(encrypt_module(simd.Lowering.armv8))
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(text), machine)
    encrypt = ctypes.CFUNCTYPE(None, ctypes.c_uint64)(engine.get_function_address("encrypt"))
    data = np.random.default_rng(8).integers(0, 2**64, size=(32, 2), dtype=np.uint64)
    expected = [spec.aes128(data[i].tobytes(), data[16 + i].tobytes()) for i in range(16)]
    encrypt(data.ctypes.data)
    assert data[16:].tobytes() == b"".join(expected)


def assembly(lowering: simd.Lowering, triple: str, cpu: str, features: str) -> str:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple(triple).create_target_machine(cpu=cpu, features=features, opt=3)
    module = llvm.parse_assembly(str(encrypt_module(lowering)))
    module.triple, module.data_layout = machine.triple, str(machine.target_data)
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    passes = llvm.create_pass_builder(machine, options)
    passes.getModulePassManager().run(module, passes)
    return str(machine.emit_assembly(module))


def test_armv8_has_the_crypto_instructions_and_no_branch() -> None:
    text = assembly(simd.Lowering.armv8, "aarch64-unknown-linux-gnu", "generic", "+neon,+aes")
    instructions = re.findall(r"^\s+(aese|aesmc|bl|b|b\.\w+|cbn?z|tbn?z)\s", text, re.MULTILINE)
    # Per round: sixteen blocks and SubWord of sixteen keys, four words to a vector.
    assert instructions.count("aese") == 10 * (16 + 4)
    assert instructions.count("aesmc") == 9 * 16
    assert set(instructions) == {"aese", "aesmc"}


def test_portable_code_looks_nothing_up() -> None:
    text = str(encrypt_module(simd.Lowering.portable))
    # The only memory it touches: four vectors of keys and four of blocks, then the results.
    assert len(re.findall(r"= load ", text)) == 8
    assert len(re.findall(r"^\s*store ", text, re.MULTILINE)) == 4
    assert not re.search(r"\b(br|switch|select)\b", text)


@pytest.mark.parametrize(
    ("triple", "cpu", "features", "branch"),
    [
        ("x86_64-unknown-linux-gnu", "x86-64", "", r"^\s+(j\w+|loop\w*)\s"),
        ("x86_64-unknown-linux-gnu", "x86-64-v4", "", r"^\s+(j\w+|loop\w*)\s"),
        ("aarch64-unknown-linux-gnu", "generic", "+neon", r"^\s+(b|b\.\w+|cbn?z|tbn?z)\s"),
    ],
)
def test_portable_code_has_no_branch(triple: str, cpu: str, features: str, branch: str) -> None:
    text = assembly(simd.Lowering.portable, triple, cpu, features)
    assert re.search(r"gc2pc\.aes_round_last", text)
    assert not re.findall(branch, text, re.MULTILINE)
