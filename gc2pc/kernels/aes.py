"""AES-128 on `Blocks`, with a fresh key per block.

FIPS 197; every block has its own key, as miTCCR wants (ePrint 2019/1168), so the key schedule is a large
part of the work. It runs on sixteen keys at once in transposed form: vector ``words[i]`` holds word i of
sixteen keys, so that SubWord is one AES instruction per sixteen keys and the chain of exclusive ors needs
no shifts; a transposition of 4x4 words then gives four vectors of four round keys each.

Key (lane, e), with lane 0..3 and e 0..3, sits in 32-bit element 4*lane + e of the transposed vectors
and becomes block `lane` of round-key vector e.

One emitter serves all lowerings; they differ in the width of a native vector and in the round itself
(`gc2pc.kernels.aes_rounds`).
"""

# Numba reads the bare signatures of intrinsics; their typed faces stand beside them, for type checkers.
# ruff: noqa: ANN001, ANN201, ANN202, ARG001, D103
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from llvmlite import ir

from gc2pc.kernels.aes_rounds import ROUNDS, WIDTHS, Rounds, join, split
from gc2pc.kernels.deferred import intrinsic, types
from gc2pc.kernels.simd import (
    BLOCKS,
    I8,
    I32,
    I64,
    Lowering,
    blocks_type,
    constant,
    lowering,
    row_pointer,
    shuffle,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gc2pc.kernels.simd import Blocks

ROUND_CONSTANTS: Final = (0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x1B, 0x36)

KEY_ROWS: Final = 44
"""Rows that `expand_key` writes: eleven round keys, each in all four blocks of a vector."""

SUB_ROT_WORD: Final = [4 * ((c - r) % 4) + (r + 1) % 4 for c in range(4) for r in range(4)]
"""RotWord in each column after undoing ShiftRows: the last AES round of it is SubWord(RotWord(w))."""


class _Schedule:
    """Round keys of 4*width keys, from the transposed words of the keys."""

    def __init__(self, builder: Any, rounds: Rounds, words: list[Any]) -> None:
        self.builder = builder
        self.rounds = rounds
        self.words = words
        self.total: Any = None

    def advance(self, constant_: int) -> None:
        """Words of the next round key (FIPS 197, section 5.2), all keys at once."""
        builder, words = self.builder, self.words
        vector = words[0].type
        octets = ir.VectorType(I8, 4 * vector.count)
        blocks = ir.VectorType(I64, vector.count // 2)
        lanes = [16 * (i // 16) + SUB_ROT_WORD[i % 16] for i in range(octets.count)]
        last = builder.bitcast(words[3], octets)
        rotated = builder.bitcast(shuffle(builder, last, last, lanes), blocks)
        addend = constant(blocks, [constant_ << 32 | constant_])
        (first,) = self.rounds(builder, [rotated], [addend], True)
        t = builder.bitcast(first, vector)
        # Word i becomes t plus the sum of words 0 to i. Only t is late, so everything else is added first.
        sums = [words[0], builder.xor(words[0], words[1])]
        sums.append(builder.xor(sums[1], words[2]))
        sums.append(self.total if self.total is not None else builder.xor(sums[2], words[3]))
        self.words = [builder.xor(part, t) for part in sums]
        self.total = builder.xor(words[1], words[3])  # of the new words, in which t cancels out

    def round_keys(self, count: int) -> list[Any]:
        """The first `count` of the four round-key vectors: 4x4 words transposed back."""
        return _transpose_words(self.builder, self.words)[:count]


def _transpose_words(builder: Any, vectors: list[Any]) -> list[Any]:
    """Word e of block `lane` of vector i becomes word i of block `lane` of vector e; its own inverse."""
    words = ir.VectorType(I32, vectors[0].type.count * vectors[0].type.element.width // 32)
    blocks = ir.VectorType(I64, words.count // 2)
    v = [builder.bitcast(x, words) for x in vectors]
    pick = range(0, words.count, 4)
    low, high = (
        [lane + i + side for lane in pick for i in pair for side in (0, words.count)]
        for pair in ((0, 1), (2, 3))
    )
    even, odd = (
        [i for lane in range(0, blocks.count, 2) for i in (lane + s, lane + s + blocks.count)] for s in (0, 1)
    )
    halves = [
        [builder.bitcast(shuffle(builder, v[i], v[i + 1], lanes), blocks) for i in (0, 2)]
        for lanes in (low, high)
    ]
    return [shuffle(builder, a, b, lanes) for a, b in halves for lanes in (even, odd)]


def encrypt(
    builder: Any, target: Lowering, keys: list[Any], words: list[Any] | None, states: list[list[Any]]
) -> list[list[Any]]:
    """AES-128 of all states[e] under keys[e].

    Args:
        builder: LLVM's builder.
        target: The lowering.
        keys: Four vectors of four keys; only the first len(states) are used beside `words`.
        words: The keys in transposed form, four vectors of sixteen words, if the caller has them.
        states: Per used key vector, any number of vectors of four blocks.
    """
    width, rounds = WIDTHS[target], ROUNDS[target]
    results: list[list[list[Any]]] = [[[] for _ in group] for group in states]
    for part in range(4 // width):

        def take(value: Any, part: int = part) -> Any:
            count = value.type.count * width // 4
            return shuffle(builder, value, value, list(range(part * count, (part + 1) * count)))

        native_keys = [take(key) for key in keys]
        flat = [(e, take(state)) for e, group in enumerate(states) for state in group]
        native_words = _transpose_words(builder, native_keys) if words is None else [take(w) for w in words]
        vector = ir.VectorType(I32, 4 * width)
        schedule = _Schedule(builder, rounds, [builder.bitcast(w, vector) for w in native_words])
        current = [builder.xor(state, native_keys[e]) for e, state in flat]
        for number, round_constant in enumerate(ROUND_CONSTANTS, 1):
            schedule.advance(round_constant)
            round_keys = schedule.round_keys(len(states))
            current = rounds(builder, current, [round_keys[e] for e, _ in flat], number == 10)
        for slot, value in zip((slot for group in results for slot in group), current, strict=True):
            slot.append(value)
    return [[join(builder, parts) for parts in group] for group in results]


def _round_keys(builder: Any, target: Lowering, key: Any) -> list[Any]:
    """All eleven round keys of the key in every block of `key`, as vectors of four equal blocks."""
    width, rounds = WIDTHS[target], ROUNDS[target]
    native = shuffle(builder, key, key, list(range(2 * width)))
    vector = ir.VectorType(I32, 4 * width)
    words = _transpose_words(builder, [native] * 4)
    schedule = _Schedule(builder, rounds, [builder.bitcast(w, vector) for w in words])
    keys = [native]
    for round_constant in ROUND_CONSTANTS:
        schedule.advance(round_constant)
        keys += schedule.round_keys(1)
    return [join(builder, [each] * (4 // width)) for each in keys]


def _tweak_keys(
    builder: Any, start: Any, tweak: Any, offsets: Sequence[Sequence[int]]
) -> tuple[list[Any], list[Any]]:
    """Keys S xor LE128(tweak + offsets[e][lane]), plain and transposed."""
    undefined = ir.Constant(BLOCKS, ir.Undefined)
    first = builder.insert_element(undefined, tweak, ir.Constant(I32, 0))
    zero = constant(BLOCKS, [0])
    low_halves = shuffle(builder, first, zero, [0, 8] * 4)
    keys = [
        builder.xor(
            start, builder.add(low_halves, ir.Constant(BLOCKS, [x for lane in row for x in (lane, 0)]))
        )
        for row in offsets
    ]
    everywhere = shuffle(builder, first, first, [0] * 8)
    by_lane = [offsets[e][lane] for lane in range(4) for e in range(4)]
    sixteen = ir.VectorType(I32, 16)
    counters = [
        builder.bitcast(builder.add(everywhere, ir.Constant(BLOCKS, by_lane[i : i + 8])), sixteen)
        for i in (0, 8)
    ]
    start_words = builder.bitcast(start, sixteen)
    words = [shuffle(builder, start_words, start_words, [i] * 16) for i in range(4)]
    for i in (0, 1):
        halves = shuffle(builder, counters[0], counters[1], list(range(i, 32, 2)))
        words[i] = builder.xor(words[i], halves)
    return keys, words


GATE_TWEAKS: Final = tuple(tuple(2 * lane + first for lane in range(4)) for first in (0, 1, 8, 9))
"""Tweak offsets of eight gates: first and second hash of gates 0..3, then of gates 4..7."""

ROW_TWEAKS: Final = tuple(tuple(lane + first for lane in range(4)) for first in (0, 4, 8, 12))
"""Tweak offsets of sixteen consecutive labels."""


def _hash(offsets: Sequence[Sequence[int]]) -> Callable[..., Any]:
    """Code generator of the miTCCR intrinsics: (start, tweak, states...) -> AES_k(s) xor s."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        start, tweak, *states = args
        tweak = context.cast(builder, tweak, sig.args[1], types.uint64)
        per_key = len(states) // 4
        groups = [states[i : i + per_key] for i in range(0, len(states), per_key)]
        target = lowering(context.codegen())
        keys, words = _tweak_keys(builder, start, tweak, offsets)
        encrypted = encrypt(builder, target, keys, words, groups)
        flat = [block for group in encrypted for block in group]
        hashes = [builder.xor(block, state) for block, state in zip(flat, states, strict=True)]
        return context.make_tuple(builder, sig.return_type, hashes)

    return emit


if TYPE_CHECKING:
    Four = tuple[Blocks, Blocks, Blocks, Blocks]
    Eight = tuple[Blocks, Blocks, Blocks, Blocks, Blocks, Blocks, Blocks, Blocks]

    def hash_gates(start: Blocks, tweak: np.uint64 | int, a: Blocks, b: Blocks, c: Blocks, d: Blocks) -> Four:
        """H of one label per half gate, from s = sigma(x): a, b of gates 0..3 and c, d of gates 4..7.

        Gate g hashes a (or c) under tweak+2g and b (or d) under tweak+2g+1; `start` is S in every block.
        """

    def hash_gate_pairs(
        start: Blocks,
        tweak: np.uint64 | int,
        a0: Blocks,
        a1: Blocks,
        b0: Blocks,
        b1: Blocks,
        c0: Blocks,
        c1: Blocks,
        d0: Blocks,
        d1: Blocks,
    ) -> Eight:
        """As `hash_gates`, two labels per key."""

    def hash_rows(start: Blocks, tweak: np.uint64 | int, a: Blocks, b: Blocks, c: Blocks, d: Blocks) -> Four:
        """H of sixteen labels under consecutive tweaks, from s = sigma(x)."""

    def encrypt_rows(
        k0: Blocks, k1: Blocks, k2: Blocks, k3: Blocks, a: Blocks, b: Blocks, c: Blocks, d: Blocks
    ) -> Four:
        """AES-128 of sixteen blocks under sixteen keys."""

    def expand_key(key: Blocks, rows: NDArray[np.uint64], row: int) -> None:
        """Write the round keys of block 0 of `key` to KEY_ROWS rows from `row` on, each four times.

        Whoever has the rows begins them at a cache line (`block.scratch`), and wipes them.
        """

    def encrypt_expanded(rows: NDArray[np.uint64], row: int, counter: np.uint64 | int) -> Four:
        """AES-128 of LE128(counter) to LE128(counter + 15), with the round keys that `expand_key` wrote."""

else:

    @intrinsic
    def hash_gates(typingctx, start, tweak, a, b, c, d):
        return types.UniTuple(blocks_type(), 4)(start, tweak, a, b, c, d), _hash(GATE_TWEAKS)

    @intrinsic
    def hash_gate_pairs(typingctx, start, tweak, a0, a1, b0, b1, c0, c1, d0, d1):
        result = types.UniTuple(blocks_type(), 8)
        return result(start, tweak, a0, a1, b0, b1, c0, c1, d0, d1), _hash(GATE_TWEAKS)

    @intrinsic
    def hash_rows(typingctx, start, tweak, a, b, c, d):
        return types.UniTuple(blocks_type(), 4)(start, tweak, a, b, c, d), _hash(ROW_TWEAKS)

    @intrinsic
    def encrypt_rows(typingctx, k0, k1, k2, k3, a, b, c, d):
        def emit(context, builder, sig, args):
            target = lowering(context.codegen())
            groups = encrypt(builder, target, list(args[:4]), None, [[x] for x in args[4:]])
            return context.make_tuple(builder, sig.return_type, [block for (block,) in groups])

        return types.UniTuple(blocks_type(), 4)(k0, k1, k2, k3, a, b, c, d), emit

    @intrinsic
    def expand_key(typingctx, key, rows, row):
        def emit(context, builder, sig, args):
            row = context.cast(builder, args[2], sig.args[2], types.int64)
            for i, each in enumerate(_round_keys(builder, lowering(context.codegen()), args[0])):
                place = builder.add(row, ir.Constant(I64, 4 * i))
                pointer = row_pointer(context, builder, sig.args[1], args[1], place, BLOCKS)
                builder.store(each, pointer, align=8)
            return context.get_dummy_value()

        return types.void(key, rows, row), emit

    @intrinsic
    def encrypt_expanded(typingctx, rows, row, counter):
        def emit(context, builder, sig, args):
            target = lowering(context.codegen())
            row = context.cast(builder, args[1], sig.args[1], types.int64)
            counter = context.cast(builder, args[2], sig.args[2], types.uint64)
            native = ir.VectorType(I64, 2 * WIDTHS[target])

            def key(number):
                place = builder.add(row, ir.Constant(I64, 4 * number))
                return builder.load(
                    row_pointer(context, builder, sig.args[0], args[0], place, native), align=8
                )

            plain, _ = _tweak_keys(builder, constant(BLOCKS, [0]), counter, ROW_TWEAKS)
            states = [part for state in plain for part in split(builder, state, WIDTHS[target])]
            whitening = key(0)
            states = [builder.xor(state, whitening) for state in states]
            for number in range(1, 11):
                states = ROUNDS[target](builder, states, [key(number)] * len(states), number == 10)
            per = len(states) // 4
            joined = [join(builder, states[i : i + per]) for i in range(0, len(states), per)]
            return context.make_tuple(builder, sig.return_type, joined)

        return types.UniTuple(blocks_type(), 4)(rows, row, counter), emit
