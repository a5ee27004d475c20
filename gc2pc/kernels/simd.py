"""A vector of four 128-bit blocks for kernels, and the choice of how AES is compiled.

`Blocks` exists only inside kernels: four consecutive rows of a ``[n, 2]`` uint64 array. The functions below
are Numba intrinsics, one LLVM instruction or a few each. None of them checks bounds, and none
branches on or indexes by the blocks' contents. Rows need no alignment above that of uint64.

The lowering is a pure function of the target that Numba compiles for (its triple and CPU features,
``numba.config.CPU_FEATURES`` if set, else the host's). LLVM aborts the process on an instruction that
the target lacks, so no other switch exists.
"""

# Numba reads the bare signatures of intrinsics; their typed faces stand beside them, for type checkers.
# ruff: noqa: ANN001, ANN201, ANN202, ARG001, ARG005, D103
from __future__ import annotations

import enum
import sys
from typing import TYPE_CHECKING, Any, Final, TypeVar

from llvmlite import ir

from gc2pc.kernels.deferred import intrinsic, register_type, types

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

I8: Final = ir.IntType(8)
I32: Final = ir.IntType(32)
I64: Final = ir.IntType(64)
BLOCK: Final = ir.VectorType(I64, 2)
BLOCKS: Final = ir.VectorType(I64, 8)


class Lowering(enum.Enum):
    """How AES is compiled."""

    vaes512 = "vaes512"
    vaes256 = "vaes256"
    aesni = "aesni"
    armv8 = "armv8"
    portable = "portable"


def lowering(codegen: Any = None) -> Lowering:
    """The lowering for one of Numba's code generators (default: the one that compiles kernels).

    Raises:
        RuntimeError: The machine is big-endian; kernels read labels as little-endian integers.
    """
    if sys.byteorder != "little":
        raise RuntimeError("gc2pc kernels need a little-endian machine")
    if codegen is None:
        from numba.core.registry import cpu_target

        codegen = cpu_target.target_context.codegen()
    triple, _cpu, features = codegen.magic_tuple()
    return choose_lowering(triple, features)


def choose_lowering(triple: str, features: str) -> Lowering:
    """The lowering for a target triple and LLVM feature string such as "+aes,+avx2,-avx512f"."""
    enabled: set[str] = set()
    for feature in features.split(","):
        (enabled.add if feature.startswith("+") else enabled.discard)(feature[1:])
    arch = triple.partition("-")[0]
    if arch in {"aarch64", "arm64"} and enabled & {"aes", "crypto"}:
        return Lowering.armv8
    if arch not in {"x86_64", "amd64"}:
        return Lowering.portable
    if {"vaes", "avx512f"} <= enabled:
        return Lowering.vaes512
    if {"vaes", "avx2"} <= enabled:
        return Lowering.vaes256
    return Lowering.aesni if "aes" in enabled else Lowering.portable


def blocks_type() -> Any:
    """Numba's type of four 128-bit blocks."""
    return register_type("Blocks", BLOCKS)


def shuffle(builder: Any, a: Any, b: Any, lanes: list[int]) -> Any:
    """LLVM's shufflevector with constant lanes: first those of `a`, then those of `b`."""
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(I32, len(lanes)), lanes))


def constant(vector: Any, values: list[int]) -> Any:
    """A constant of an LLVM vector type, `values` repeated to its length."""
    return ir.Constant(vector, values * (vector.count // len(values)))


def data_pointer(context: Any, builder: Any, array_type: Any, array: Any) -> Any:
    """Pointer to the first number of an array, or of what is such a pointer already (see `block.address`)."""
    if isinstance(array_type, types.CPointer):
        return array
    return context.make_array(array_type)(context, builder, array).data


def masked(builder: Any, kind: str, pointer: Any, inside: Any, value: Any) -> Any:
    """LLVM's masked load (with `value` elsewhere) or store of `Blocks`: touches only the words `inside`."""
    signature, arguments = BLOCKS, [pointer, ir.Constant(I32, 8), inside, value]
    if kind == "store":
        signature, arguments = ir.VoidType(), [value, pointer, ir.Constant(I32, 8), inside]
    name = f"llvm.masked.{kind}.v8i64.p0"
    function = builder.module.globals.get(name)
    if function is None:
        signature = ir.FunctionType(signature, [argument.type for argument in arguments])
        function = ir.Function(builder.module, signature, name)
    return builder.call(function, arguments)


def words_inside(builder: Any, row: Any, end: Any) -> Any:
    """Which words of rows row to row+3 lie before row `end`."""
    left = builder.sub(end, row)
    splat = builder.insert_element(ir.Constant(BLOCKS, ir.Undefined), left, ir.Constant(I32, 0))
    splat = shuffle(builder, splat, splat, [0] * 8)
    return builder.icmp_signed("<", ir.Constant(BLOCKS, [i // 2 for i in range(8)]), splat)


def row_pointer(context: Any, builder: Any, array_type: Any, array: Any, row: Any, pointee: Any) -> Any:
    """Pointer to row `row` (int64; 0 for a one-dimensional array) of rows of 16 bytes."""
    data = data_pointer(context, builder, array_type, array)
    word = builder.gep(data, [builder.shl(row, ir.Constant(I64, 1))], inbounds=True)
    return builder.bitcast(word, pointee.as_pointer())


if TYPE_CHECKING:

    class Blocks:
        """Four 128-bit blocks (to type checkers; kernels know `blocks_type`)."""

    Vector = TypeVar("Vector")
    """`Blocks`, or the `Block` of `gc2pc.kernels.block`."""

    Rows = NDArray[np.uint64]

    def load4(rows: Rows, row: int) -> Blocks:
        """Rows row to row+3."""

    def store4(rows: Rows, row: int, value: Blocks) -> None:
        """Write rows row to row+3."""

    def load_some(rows: Rows, row: int, end: int) -> Blocks:
        """Rows row to row+3, anything in place of those from `end` on (end >= 1)."""

    def store_some(rows: Rows, row: int, value: Blocks, end: int) -> None:
        """Write rows row to row+3 but those from `end` on."""

    def broadcast(block: Rows) -> Blocks:
        """The block ``uint64[2]`` four times."""

    def vxor(a: Vector, b: Vector) -> Vector:
        """Bitwise exclusive or."""

    def vand(a: Vector, b: Vector) -> Vector:
        """Bitwise and."""

    def color_mask(a: Blocks) -> Blocks:
        """Per block: all ones if its lowest bit (the color) is 1, else zero."""

    def sigma(a: Blocks) -> Blocks:
        """The hash's linear map, per block: L||R to (L xor R)||L, L the high half (ePrint 2019/1168)."""

    def zip_low(a: Blocks, b: Blocks) -> Blocks:
        """Blocks a0, b0, a1, b1."""

    def zip_high(a: Blocks, b: Blocks) -> Blocks:
        """Blocks a2, b2, a3, b3."""

    def unzip_even(a: Blocks, b: Blocks) -> Blocks:
        """Blocks a0, a2, b0, b2."""

    def unzip_odd(a: Blocks, b: Blocks) -> Blocks:
        """Blocks a1, a3, b1, b3."""

    def never_inline() -> None:
        """Keep the calling kernel out of line: its callers link one copy, whatever they call.

        With 64-byte vectors its stack begins at a cache line. Otherwise LLVM would put spilled vectors across
        two lines, or not, depending on where the process has its stack: a quarter of garbling's time.
        """

else:

    @intrinsic
    def load4(typingctx, rows, row):
        def emit(context, builder, sig, args):
            row = context.cast(builder, args[1], sig.args[1], types.int64)
            pointer = row_pointer(context, builder, sig.args[0], args[0], row, BLOCKS)
            return builder.load(pointer, align=8)

        return blocks_type()(rows, row), emit

    @intrinsic
    def store4(typingctx, rows, row, value):
        def emit(context, builder, sig, args):
            row = context.cast(builder, args[1], sig.args[1], types.int64)
            pointer = row_pointer(context, builder, sig.args[0], args[0], row, BLOCKS)
            builder.store(args[2], pointer, align=8)
            return context.get_dummy_value()

        return types.void(rows, row, value), emit

    @intrinsic
    def load_some(typingctx, rows, row, end):
        def emit(context, builder, sig, args):
            rows = args[0]
            row, end = (context.cast(builder, args[i], sig.args[i], types.int64) for i in (1, 2))
            if lowering(context.codegen()) == Lowering.vaes512:
                pointer = row_pointer(context, builder, sig.args[0], rows, row, BLOCKS)
                return masked(
                    builder, "load", pointer, words_inside(builder, row, end), constant(BLOCKS, [0])
                )
            last = builder.sub(end, ir.Constant(I64, 1))
            parts = []
            for lane in range(4):
                wanted = builder.add(row, ir.Constant(I64, lane))
                inside = builder.icmp_signed("<", wanted, last)
                source = builder.select(inside, wanted, last)
                pointer = row_pointer(context, builder, sig.args[0], rows, source, BLOCK)
                parts.append(builder.load(pointer, align=8))
            low, high = (shuffle(builder, a, b, [0, 1, 2, 3]) for a, b in (parts[:2], parts[2:]))
            return shuffle(builder, low, high, list(range(8)))

        return blocks_type()(rows, row, end), emit

    @intrinsic
    def store_some(typingctx, rows, row, value, end):
        def emit(context, builder, sig, args):
            rows, value = args[0], args[2]
            row, end = (context.cast(builder, args[i], sig.args[i], types.int64) for i in (1, 3))
            if lowering(context.codegen()) == Lowering.vaes512:
                pointer = row_pointer(context, builder, sig.args[0], rows, row, BLOCKS)
                masked(builder, "store", pointer, words_inside(builder, row, end), value)
                return context.get_dummy_value()
            for lane in range(4):
                target = builder.add(row, ir.Constant(I64, lane))
                with builder.if_then(builder.icmp_signed("<", target, end)):
                    pointer = row_pointer(context, builder, sig.args[0], rows, target, BLOCK)
                    block = shuffle(builder, value, value, [2 * lane, 2 * lane + 1])
                    builder.store(block, pointer, align=8)
            return context.get_dummy_value()

        return types.void(rows, row, value, end), emit

    @intrinsic
    def broadcast(typingctx, block):
        def emit(context, builder, sig, args):
            pointer = row_pointer(context, builder, sig.args[0], args[0], ir.Constant(I64, 0), BLOCK)
            block = builder.load(pointer, align=8)
            return shuffle(builder, block, block, [0, 1] * 4)

        return blocks_type()(block), emit

    @intrinsic
    def vxor(typingctx, a, b):
        return a(a, b), lambda context, builder, sig, args: builder.xor(*args)

    @intrinsic
    def vand(typingctx, a, b):
        return a(a, b), lambda context, builder, sig, args: builder.and_(*args)

    @intrinsic
    def color_mask(typingctx, a):
        def emit(context, builder, sig, args):
            bit = builder.and_(args[0], constant(BLOCKS, [1]))
            mask = builder.sub(constant(BLOCKS, [0]), bit)
            return shuffle(builder, mask, mask, [0, 0, 2, 2, 4, 4, 6, 6])

        return blocks_type()(a), emit

    @intrinsic
    def sigma(typingctx, a):
        def emit(context, builder, sig, args):
            swapped = shuffle(builder, args[0], args[0], [1, 0, 3, 2, 5, 4, 7, 6])
            high = builder.and_(args[0], constant(BLOCKS, [0, 2**64 - 1]))
            return builder.xor(swapped, high)

        return blocks_type()(a), emit

    def _block_shuffle(order):
        lanes = [2 * block + half for block in order for half in (0, 1)]

        @intrinsic
        def shuffled(typingctx, a, b):
            return blocks_type()(a, b), lambda context, builder, sig, args: shuffle(builder, *args, lanes)

        return shuffled

    zip_low = _block_shuffle([0, 4, 1, 5])
    zip_high = _block_shuffle([2, 6, 3, 7])
    unzip_even = _block_shuffle([0, 2, 4, 6])
    unzip_odd = _block_shuffle([1, 3, 5, 7])

    @intrinsic
    def never_inline(typingctx):
        def emit(context, builder, sig, args):
            builder.function.attributes.add("noinline")
            if lowering(context.codegen()) == Lowering.vaes512:
                builder.function.attributes.alignstack = 64
            return context.get_dummy_value()

        return types.void(), emit
