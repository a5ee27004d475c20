"""One 128-bit block for kernels, addresses in place of arrays, and the decoding of an instruction.

`Block` exists only inside kernels: one row of a ``[n, 2]`` uint64 array, in one register. `vxor` and `vand`
of `gc2pc.kernels.simd` work on it too. As there, nothing checks bounds.

A kernel that takes arrays counts a reference to each of them, atomically, when it is entered and when it is
left: tens of nanoseconds, more than a narrow run of gates takes. So kernels that other kernels call in
loops take addresses (`address`), and only the outermost one takes arrays.
"""

# Numba reads the bare signatures of intrinsics; their typed faces stand beside them, for type checkers.
# ruff: noqa: ANN001, ANN201, ANN202, ARG001, D103
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from llvmlite import ir

from gc2pc.kernels.deferred import arrayobj, cgutils, intrinsic, register_type, types
from gc2pc.kernels.simd import BLOCK, I64, blocks_type, data_pointer, row_pointer, shuffle

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gc2pc.kernels.simd import Blocks

# Types in signatures of kernels that take addresses.
ROWS: Final = "CPointer(uint64)"
CODE: Final = "CPointer(int32)"
NUMBERS: Final = "CPointer(int64)"
BITS: Final = "CPointer(uint8)"

FIELDS: Final = 6
"""Numbers in a row of `Circuit.instructions` and of `Circuit.copies`."""


def block_type() -> Any:
    """Numba's type of one 128-bit block."""
    return register_type("Block", BLOCK)


if TYPE_CHECKING:
    Number = TypeVar("Number", bound=np.generic)

    class Block:
        """A 128-bit block (to type checkers; kernels know `block_type`)."""

    def address(array: NDArray[Number]) -> NDArray[Number]:
        """An array's data without shape and reference count, to be read as one dimension."""

    def load1(rows: NDArray[np.uint64], row: int) -> Block:
        """Row `row`."""

    def store1(rows: NDArray[np.uint64], row: int, value: Block) -> None:
        """Write row `row`."""

    def four(value: Block) -> Blocks:
        """The block four times."""

    def scratch(rows: int, columns: int) -> NDArray[np.uint64]:
        """uint64[rows, columns], both literals, on the calling kernel's stack; it holds anything at first."""

    def wipe(array: NDArray[np.uint64]) -> None:
        """Zero an array, also where the compiler sees that nobody reads it any more."""

    def decode(table: NDArray[Any], k: int) -> tuple[int, int, int, int, int, int]:
        """The six numbers of row k of a table of instructions or copies."""

else:

    @intrinsic
    def address(typingctx, array):
        def emit(context, builder, sig, args):
            return data_pointer(context, builder, sig.args[0], args[0])

        return types.CPointer(array.dtype)(array), emit

    @intrinsic
    def load1(typingctx, rows, row):
        def emit(context, builder, sig, args):
            row = context.cast(builder, args[1], sig.args[1], types.int64)
            pointer = row_pointer(context, builder, sig.args[0], args[0], row, BLOCK)
            return builder.load(pointer, align=8)

        return block_type()(rows, row), emit

    @intrinsic
    def store1(typingctx, rows, row, value):
        def emit(context, builder, sig, args):
            row = context.cast(builder, args[1], sig.args[1], types.int64)
            pointer = row_pointer(context, builder, sig.args[0], args[0], row, BLOCK)
            builder.store(args[2], pointer, align=8)
            return context.get_dummy_value()

        return types.void(rows, row, value), emit

    @intrinsic
    def four(typingctx, value):
        def emit(context, builder, sig, args):
            return shuffle(builder, args[0], args[0], [0, 1] * 4)

        return blocks_type()(value), emit

    @intrinsic
    def scratch(typingctx, rows, columns):
        shape = (rows.literal_value, columns.literal_value)
        result = types.Array(types.uint64, 2, "C")

        def emit(context, builder, sig, args):
            words = cgutils.alloca_once(builder, ir.ArrayType(I64, shape[0] * shape[1]))
            words.align = 64
            array = context.make_array(result)(context, builder)
            arrayobj.populate_array(
                array,
                data=builder.bitcast(words, I64.as_pointer()),
                shape=[ir.Constant(I64, n) for n in shape],
                strides=[ir.Constant(I64, 8 * shape[1]), ir.Constant(I64, 8)],
                itemsize=ir.Constant(I64, 8),
                meminfo=None,
            )
            return array._getvalue()

        return result(rows, columns), emit

    @intrinsic
    def wipe(typingctx, array):
        def emit(context, builder, sig, args):
            made = context.make_array(sig.args[0])(context, builder, args[0])
            nbytes = builder.mul(made.nitems, made.itemsize)
            pointer = builder.bitcast(made.data, ir.IntType(8).as_pointer())
            fill = builder.module.declare_intrinsic("llvm.memset", [pointer.type, nbytes.type])
            is_volatile = ir.Constant(ir.IntType(1), 1)
            builder.call(fill, [pointer, ir.Constant(ir.IntType(8), 0), nbytes, is_volatile])
            return context.get_dummy_value()

        return types.void(array), emit

    @intrinsic
    def decode(typingctx, table, k):
        def emit(context, builder, sig, args):
            data = data_pointer(context, builder, sig.args[0], args[0])
            k = context.cast(builder, args[1], sig.args[1], types.int64)
            first = builder.mul(k, ir.Constant(I64, FIELDS))
            numbers = []
            for i in range(FIELDS):
                place = builder.gep(data, [builder.add(first, ir.Constant(I64, i))], inbounds=True)
                number = builder.load(place)
                numbers.append(number if number.type == I64 else builder.sext(number, I64))
            return context.make_tuple(builder, sig.return_type, numbers)

        return types.UniTuple(types.int64, FIELDS)(table, k), emit
