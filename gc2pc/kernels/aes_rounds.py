"""Lowerings of one AES round: VAES, AES-NI, ARMv8, and constant-time portable code.

FIPS 197. A lowering maps native vectors (`WIDTHS` blocks each) and round keys to the states after the
round, in the manner of x86's AESENC and AESENCLAST: the key is added at the end of the round.

Where the target has no AES instructions, eight blocks at a time go through a bitsliced round in one
internal function: bitwise operations on vectors and byte shuffles with constant lanes, hence constant time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from llvmlite import ir

from gc2pc.kernels.deferred import cgutils
from gc2pc.kernels.simd import BLOCK, I8, I32, Lowering, constant, shuffle

SHIFT_ROWS: Final = [(5 * i) % 16 for i in range(16)]
"""Byte i of ShiftRows(x) is byte SHIFT_ROWS[i] of x (FIPS 197, section 5.1.2; byte 4c+r is row r)."""

Rounds = Callable[[Any, list[Any], list[Any], bool], list[Any]]
"""(builder, states, keys, last) -> states after one round; all are native vectors."""


def _x86_rounds(suffix: str) -> Rounds:
    def rounds(builder: Any, states: list[Any], keys: list[Any], last: bool) -> list[Any]:
        vector = states[0].type
        name = f"llvm.x86.aesni.aesenc{'last' if last else ''}{suffix}"
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(vector, [vector, vector]), name
        )
        return [builder.call(function, [state, key]) for state, key in zip(states, keys, strict=True)]

    return rounds


def _arm_rounds(builder: Any, states: list[Any], keys: list[Any], last: bool) -> list[Any]:
    octets = ir.VectorType(I8, 16)
    module = builder.module
    aese = cgutils.get_or_insert_function(
        module, ir.FunctionType(octets, [octets, octets]), "llvm.aarch64.crypto.aese"
    )
    aesmc = cgutils.get_or_insert_function(
        module, ir.FunctionType(octets, [octets]), "llvm.aarch64.crypto.aesmc"
    )
    zero = constant(octets, [0])
    results = []
    for state, key in zip(states, keys, strict=True):
        # AESE adds its key before SubBytes, x86 after the round; LLVM folds the xor into the next AESE.
        x = builder.call(aese, [builder.bitcast(state, octets), zero])
        if not last:
            x = builder.call(aesmc, [x])
        results.append(builder.xor(builder.bitcast(x, BLOCK), key))
    return results


SBOX: Final = """
y14 = x3 ^ x5;   y13 = x0 ^ x6;   y9 = x0 ^ x3;    y8 = x0 ^ x5;    t0 = x1 ^ x2;    y1 = t0 ^ x7
y4 = y1 ^ x3;    y12 = y13 ^ y14; y2 = y1 ^ x0;    y5 = y1 ^ x6;    y3 = y5 ^ y8;    t1 = x4 ^ y12
y15 = t1 ^ x5;   y20 = t1 ^ x1;   y6 = y15 ^ x7;   y10 = y15 ^ t0;  y11 = y20 ^ y9;  y7 = x7 ^ y11
y17 = y10 ^ y11; y19 = y10 ^ y8;  y16 = t0 ^ y11;  y21 = y13 ^ y16; y18 = x0 ^ y16
t2 = y12 & y15;  t3 = y3 & y6;    t4 = t3 ^ t2;    t5 = y4 & x7;    t6 = t5 ^ t2;    t7 = y13 & y16
t8 = y5 & y1;    t9 = t8 ^ t7;    t10 = y2 & y7;   t11 = t10 ^ t7;  t12 = y9 & y11;  t13 = y14 & y17
t14 = t13 ^ t12; t15 = y8 & y10;  t16 = t15 ^ t12; t17 = t4 ^ t14;  t18 = t6 ^ t16;  t19 = t9 ^ t14
t20 = t11 ^ t16; t21 = t17 ^ y20; t22 = t18 ^ y19; t23 = t19 ^ y21; t24 = t20 ^ y18
t25 = t21 ^ t22; t26 = t21 & t23; t27 = t24 ^ t26; t28 = t25 & t27; t29 = t28 ^ t22; t30 = t23 ^ t24
t31 = t22 ^ t26; t32 = t31 & t30; t33 = t32 ^ t24; t34 = t23 ^ t33; t35 = t27 ^ t33; t36 = t24 & t35
t37 = t36 ^ t34; t38 = t27 ^ t36; t39 = t29 & t38; t40 = t25 ^ t39
t41 = t40 ^ t37; t42 = t29 ^ t33; t43 = t29 ^ t40; t44 = t33 ^ t37; t45 = t42 ^ t41
z0 = t44 & y15;  z1 = t37 & y6;   z2 = t33 & x7;   z3 = t43 & y16;  z4 = t40 & y1;   z5 = t29 & y7
z6 = t42 & y11;  z7 = t45 & y17;  z8 = t41 & y10;  z9 = t44 & y12;  z10 = t37 & y3;  z11 = t33 & y4
z12 = t43 & y13; z13 = t40 & y5;  z14 = t29 & y2;  z15 = t42 & y9;  z16 = t45 & y14; z17 = t41 & y8
t46 = z15 ^ z16; t47 = z10 ^ z11; t48 = z5 ^ z13;  t49 = z9 ^ z10;  t50 = z2 ^ z12;  t51 = z2 ^ z5
t52 = z7 ^ z8;   t53 = z0 ^ z3;   t54 = z6 ^ z7;   t55 = z16 ^ z17; t56 = z12 ^ t48; t57 = t50 ^ t53
t58 = z4 ^ t46;  t59 = z3 ^ t54;  t60 = t46 ^ t57; t61 = z14 ^ t57; t62 = t52 ^ t58; t63 = t49 ^ t58
t64 = z4 ^ t59;  t65 = t61 ^ t62; t66 = z1 ^ t63;  s0 = t59 ^ t63;  u6 = t56 ^ t62;  u7 = t48 ^ t60
t67 = t64 ^ t65; s3 = t53 ^ t66;  s4 = t51 ^ t66;  s5 = t47 ^ t65;  u1 = t64 ^ s3;   u2 = t55 ^ t67
s6 = u6 ^ ones;  s7 = u7 ^ ones;  s1 = u1 ^ ones;  s2 = u2 ^ ones
"""
"""The AES S-box in 115 gates and 4 complements, x0 and s0 the most significant bits.

Boyar and Peralta, "A depth-16 circuit for the AES S-box", ePrint 2011/332, with the smaller linear layers of
their "A new combinational logic minimization technique", SEA 2010.
"""


def transpose_bits(builder: Any, q: list[Any]) -> list[Any]:
    """Bit i of byte p of result j is bit j of byte p of q[i]: eight vectors to eight bit planes and back."""
    q = list(q)
    for shift, mask in ((1, 0x5555555555555555), (2, 0x3333333333333333), (4, 0x0F0F0F0F0F0F0F0F)):
        low = constant(BLOCK, [mask])
        amount = constant(BLOCK, [shift])
        for i in (i for i in range(8) if not i & shift):
            a, b = q[i], q[i + shift]
            moved = builder.and_(builder.xor(builder.lshr(a, amount), b), low)
            q[i] = builder.xor(a, builder.shl(moved, amount))
            q[i + shift] = builder.xor(b, moved)
    return q


def _sub_bytes(builder: Any, planes: list[Any]) -> list[Any]:
    wires = {f"x{i}": planes[7 - i] for i in range(8)} | {"ones": constant(BLOCK, [2**64 - 1])}
    for gate in SBOX.replace(";", "\n").split("\n"):
        if gate.strip():
            name, _, a, op, b = gate.split()
            wires[name] = (builder.and_ if op == "&" else builder.xor)(wires[a], wires[b])
    return [wires[f"s{7 - i}"] for i in range(8)]


def mix_columns(builder: Any, planes: list[Any]) -> list[Any]:
    """MixColumns on bit planes: 2(a ^ b) ^ b ^ c ^ d, where b, c, d are the next bytes of the column."""
    words = ir.VectorType(I32, 4)

    def rotate(x: Any, bits: int) -> Any:
        x = builder.bitcast(x, words)
        right, left = constant(words, [bits]), constant(words, [32 - bits])
        return builder.bitcast(builder.or_(builder.lshr(x, right), builder.shl(x, left)), BLOCK)

    b = [rotate(x, 8) for x in planes]
    t = [builder.xor(x, y) for x, y in zip(planes, b, strict=True)]
    mixed = [builder.xor(y, rotate(x, 16)) for x, y in zip(t, b, strict=True)]
    doubled = [t[7], *t[:7]]
    for i in (1, 3, 4):
        doubled[i] = builder.xor(doubled[i], t[7])
    return [builder.xor(x, y) for x, y in zip(doubled, mixed, strict=True)]


def portable_round_function(module: Any, last: bool) -> Any:
    """SubBytes, ShiftRows and, unless last, MixColumns of eight blocks; one copy per module."""
    name = f"gc2pc.aes_round{'_last' if last else ''}"
    if name in module.globals:
        return module.globals[name]
    signature = ir.FunctionType(ir.LiteralStructType([BLOCK] * 8), [BLOCK] * 8)
    function = ir.Function(module, signature, name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    builder = ir.IRBuilder(function.append_basic_block())
    planes = _sub_bytes(builder, transpose_bits(builder, list(function.args)))
    octets = ir.VectorType(I8, 16)
    for i, plane in enumerate(planes):
        x = builder.bitcast(plane, octets)
        planes[i] = builder.bitcast(shuffle(builder, x, x, SHIFT_ROWS), BLOCK)
    if not last:
        planes = mix_columns(builder, planes)
    builder.ret(cgutils.pack_struct(builder, transpose_bits(builder, planes)))
    return function


def _portable_rounds(builder: Any, states: list[Any], keys: list[Any], last: bool) -> list[Any]:
    function = portable_round_function(builder.module, last)
    blocks = [part for state in states for part in split(builder, state, 1)]
    done: list[Any] = []
    for i in range(0, len(blocks), 8):
        eight = (blocks[i : i + 8] * 2)[:8]
        done += cgutils.unpack_tuple(builder, builder.call(function, eight))
    joined = [join(builder, done[4 * i : 4 * i + 4]) for i in range(len(states))]
    return [builder.xor(state, key) for state, key in zip(joined, keys, strict=True)]


def split(builder: Any, blocks: Any, width: int) -> list[Any]:
    """Four blocks as vectors of `width` blocks."""
    if width == 4:
        return [blocks]
    return [
        shuffle(builder, blocks, blocks, list(range(2 * first, 2 * (first + width))))
        for first in range(0, 4, width)
    ]


def join(builder: Any, parts: Sequence[Any]) -> Any:
    """Undo `split`."""
    while len(parts) > 1:
        lanes = list(range(2 * parts[0].type.count))
        parts = [shuffle(builder, a, b, lanes) for a, b in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


WIDTHS: Final = {
    Lowering.vaes512: 4,
    Lowering.vaes256: 2,
    Lowering.aesni: 1,
    Lowering.armv8: 1,
    Lowering.portable: 4,
}
"""Blocks per native vector."""

ROUNDS: Final[dict[Lowering, Rounds]] = {
    Lowering.vaes512: _x86_rounds(".512"),
    Lowering.vaes256: _x86_rounds(".256"),
    Lowering.aesni: _x86_rounds(""),
    Lowering.armv8: _arm_rounds,
    Lowering.portable: _portable_rounds,
}
