"""Linear hashing over GF(2^128) for the consistency check of an OT extension.

An element is two words, low first; bit i is the coefficient of X^i; the modulus is X^128 + X^7 + X^2 + X + 1.
Inner products multiply without carries where the target has an instruction for that, and add up shifted
vectors elsewhere. The choice is a pure function of the target, as in `gc2pc.kernels.simd`.
"""

# Numba reads the bare signatures of intrinsics; their typed faces stand beside them, for type checkers.
# ruff: noqa: ANN001, ANN201, ANN202, ARG001, D103
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from gc2pc.kernels.block import address, scratch
from gc2pc.kernels.deferred import cgutils, intrinsic, types
from gc2pc.kernels.jit import jit
from gc2pc.kernels.simd import I64, blocks_type, load4, shuffle, store4, vxor

if TYPE_CHECKING:
    from gc2pc.kernels.simd import Blocks

Words = NDArray[np.uint64]

CLMUL: Final = {4: "llvm.x86.pclmulqdq.512", 2: "llvm.x86.pclmulqdq.256", 1: "llvm.x86.pclmulqdq"}
"""LLVM's carry-less multiplication, by blocks per native vector; a constant picks the halves."""


def clmul_width(triple: str, features: str) -> int:
    """Blocks per carry-less multiplication on this target; 0 where it has none that we use."""
    enabled: set[str] = set()
    for feature in features.split(","):
        (enabled.add if feature.startswith("+") else enabled.discard)(feature[1:])
    if triple.partition("-")[0] not in {"x86_64", "amd64"} or "pclmul" not in enabled:
        return 0
    if {"vpclmulqdq", "avx512f"} <= enabled:
        return 4
    return 2 if {"vpclmulqdq", "avx2"} <= enabled else 1


def _width(context: Any) -> int:
    triple, _cpu, features = context.codegen().magic_tuple()
    return clmul_width(triple, features)


def _multiply(context: Any, builder: Any, a: Any, b: Any, halves: int) -> Any:
    """Per block, the carry-less product of a half of `a` (bit 0 of `halves`) and a half of `b` (bit 4)."""
    width = _width(context)
    vector = ir.VectorType(I64, 2 * width)
    octet = ir.IntType(8)
    signature = ir.FunctionType(vector, [vector, vector, octet])
    function = cgutils.get_or_insert_function(builder.module, signature, CLMUL[width])
    parts = []
    for first in range(0, 4, width):
        lanes = list(range(2 * first, 2 * (first + width)))
        x, y = shuffle(builder, a, a, lanes), shuffle(builder, b, b, lanes)
        parts.append(builder.call(function, [x, y, ir.Constant(octet, halves)]))
    while len(parts) > 1:
        lanes = list(range(2 * parts[0].type.count))
        parts = [shuffle(builder, x, y, lanes) for x, y in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


if TYPE_CHECKING:

    def multiply_low(a: Blocks, b: Blocks) -> Blocks:
        """Low half of a times low half of b."""

    def multiply_high(a: Blocks, b: Blocks) -> Blocks:
        """High half of a times high half of b."""

    def multiply_cross(a: Blocks, b: Blocks) -> Blocks:
        """Low times high plus high times low."""

    def inner_product(vectors: Words, row: int, challenges: Words, product: Words) -> None:
        """`multiply_add` or `shift_add`, whichever the target can do best."""

else:

    @intrinsic
    def multiply_low(typingctx, a, b):
        def emit(context, builder, sig, args):
            return _multiply(context, builder, *args, 0x00)

        return blocks_type()(a, b), emit

    @intrinsic
    def multiply_high(typingctx, a, b):
        def emit(context, builder, sig, args):
            return _multiply(context, builder, *args, 0x11)

        return blocks_type()(a, b), emit

    @intrinsic
    def multiply_cross(typingctx, a, b):
        def emit(context, builder, sig, args):
            return builder.xor(*(_multiply(context, builder, *args, halves) for halves in (0x01, 0x10)))

        return blocks_type()(a, b), emit

    @intrinsic
    def inner_product(typingctx, vectors, row, challenges, product):
        def emit(context, builder, sig, args):
            implementation = multiply_add if _width(context) else shift_add
            return context.compile_internal(builder, implementation, sig, args)

        return types.void(vectors, row, challenges, product), emit


def multiply_add(vectors: Words, row: int, challenges: Words, product: Words) -> None:
    """product[0..1] = the sum over j of challenges[j] * vectors[row + j], 256 bits, not reduced."""
    low = vxor(load4(challenges, 0), load4(challenges, 0))
    middle = low
    high = low
    for j in range(0, challenges.shape[0], 4):
        a = load4(vectors, row + j)
        b = load4(challenges, j)
        low = vxor(low, multiply_low(a, b))
        middle = vxor(middle, multiply_cross(a, b))
        high = vxor(high, multiply_high(a, b))
    lanes = scratch(12, 2)
    store4(lanes, 0, low)
    store4(lanes, 4, middle)
    store4(lanes, 8, high)
    for i in range(2):
        product[i, 0] = np.uint64(0)
        product[i, 1] = np.uint64(0)
    for i in range(4):
        product[0, 0] ^= lanes[i, 0]
        product[0, 1] ^= lanes[i, 1] ^ lanes[4 + i, 0]
        product[1, 0] ^= lanes[8 + i, 0] ^ lanes[4 + i, 1]
        product[1, 1] ^= lanes[8 + i, 1]


def shift_add(vectors: Words, row: int, challenges: Words, product: Words) -> None:
    """The same by one sum of elements per power of X in a challenge.

    Branches on the challenges' bits, which are public, and never on the vectors'.
    """
    one = np.uint64(1)
    flat = address(vectors)
    sums = scratch(128, 2)
    sums[:] = np.uint64(0)
    for j in range(challenges.shape[0]):
        low = flat[2 * (row + j)]
        high = flat[2 * (row + j) + 1]
        for i in range(128):
            if (challenges[j, i >> 6] >> np.uint64(i & 63)) & one:
                sums[i, 0] ^= low
                sums[i, 1] ^= high
    w = scratch(1, 4)[0]
    w[:] = np.uint64(0)
    for i in range(127, -1, -1):
        for word in range(3, 0, -1):
            w[word] = (w[word] << one) | (w[word - 1] >> np.uint64(63))
        w[0] = (w[0] << one) ^ sums[i, 0]
        w[1] ^= sums[i, 1]
    product[0, 0] = w[0]
    product[0, 1] = w[1]
    product[1, 0] = w[2]
    product[1, 1] = w[3]


@jit("void(uint64[:, ::1], uint64[:, ::1], uint64[:, ::1])")
def hash_vectors(vectors: Words, challenges: Words, out: Words) -> None:
    """out[c] = the sum over j of challenges[j] * vectors[c][j].

    Args:
        vectors: uint64[n, 2 m], secret: n vectors of m elements, m a multiple of 4.
        challenges: uint64[m, 2], public.
        out: uint64[n, 2].
    """
    one, two, seven = np.uint64(1), np.uint64(2), np.uint64(7)
    product = scratch(2, 2)
    m = challenges.shape[0]
    for c in range(vectors.shape[0]):
        inner_product(vectors, c * m, challenges, product)
        # X^128 = X^7 + X^2 + X + 1: fold the third and fourth word onto the first two.
        high = product[1, 1]
        spill = (high >> np.uint64(63)) ^ (high >> np.uint64(62)) ^ (high >> np.uint64(57))
        low = product[1, 0] ^ spill
        out[c, 1] = product[0, 1] ^ high ^ (high << one) ^ (high << two) ^ (high << seven)
        out[c, 1] ^= (low >> np.uint64(63)) ^ (low >> np.uint64(62)) ^ (low >> np.uint64(57))
        out[c, 0] = product[0, 0] ^ low ^ (low << one) ^ (low << two) ^ (low << seven)
