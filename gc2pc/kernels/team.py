"""Threads that share one run: who is there, who works on a chunk, and barriers between them.

A team is an array of 64-bit words (`words`). One thread leads: it calls the interpreter chunk by chunk, as if
it were alone. The others wait inside of a kernel for a few milliseconds, each in a slot of its own, and the
leader hires those who are there when a chunk begins. So nobody waits for a thread to wake up, a thread that
died is one that is not there, and when the leader's call returns nobody works on anything.

States of a slot: AWAY (nobody there), CALLED (the leader asked for somebody), READY, HIRED, WORKING + rank,
CLOSED (for good). Only the leader hires, only the hired thread makes itself READY again.

Lanes are shared out in groups, one per thread that may come, and a group has temporaries of its own: who
works on a group may change from chunk to chunk, and no two cores write close to each other. All of that
depends on public numbers only, and which threads are there changes no byte.

Waiting is spinning, after a while with the processor offered to others: there may be more threads than cores.
"""

# Numba reads the bare signatures of intrinsics; their typed faces stand beside them, for type checkers.
# ruff: noqa: ANN001, ANN201, ANN202, ARG001, D103
from __future__ import annotations

import ctypes
import functools
import sys
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from gc2pc.kernels import opcodes as c
from gc2pc.kernels.block import NUMBERS
from gc2pc.kernels.deferred import intrinsic, types
from gc2pc.kernels.jit import jit
from gc2pc.kernels.simd import I32, I64, data_pointer, never_inline

LINE: Final = 8
"""Words of a cache line: what different threads write is that far apart."""

# Words of a team. First what all threads count up, then what the leader writes, then a line per slot, then
# the cursor as it was when the chunk began.
ARRIVED: Final = 0
SLOTS: Final = LINE
SIZE: Final = LINE + 1
ROLE: Final = LINE + 2
TWEAK: Final = LINE + 3
TABLE: Final = LINE + 4
LIMIT: Final = LINE + 5
WORTH: Final = LINE + 6
PATIENCE: Final = LINE + 7
GIVE_WAY: Final = 2 * LINE
SHARED: Final = 2 * LINE + 1
ALONE: Final = 2 * LINE + 2
FIRST_SLOT: Final = 3 * LINE

AWAY: Final = 0
CALLED: Final = 1
READY: Final = 2
HIRED: Final = 3
WORKING: Final = 4
CLOSED: Final = -1

UNIT: Final = 8
"""Lanes are shared out in eights: as many ANDs as the hash takes at once, in whole cache lines."""

SPINS: Final = 256
"""How often to look, a pause between, before the processor is offered to others: about 10 us."""

PATIENCE_ROUNDS: Final = 2_000
"""How often a thread without work offers the processor to others before it leaves: about a millisecond."""

SHARED_WORK: Final = 8192
"""Elements times instructions of the smallest block that is shared: about 20 us of one core. Smaller ones
lose more by a barrier, and by fetching what another core has written, than they gain."""


@functools.cache
def give_way_address() -> int:
    """Where the system's function is that offers the processor to other threads; 0 if there is none."""
    try:
        if sys.platform == "win32":
            function: Any = ctypes.windll.kernel32.SwitchToThread
        else:
            function = ctypes.CDLL(None).sched_yield
    except (OSError, AttributeError):
        return 0
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def words(others: int, cursor: int) -> NDArray[np.int64]:
    """A team with nobody there: `others` may come, the interpreter's cursor has that many words."""
    team = lines(FIRST_SLOT // LINE + others - (-cursor // LINE)).reshape(-1)
    team[SLOTS], team[SIZE] = others, 1
    if others:
        team[WORTH], team[PATIENCE], team[GIVE_WAY] = SHARED_WORK, PATIENCE_ROUNDS, give_way_address()
    return team


def lines(n: int) -> NDArray[np.int64]:
    """Zeros, int64[n, LINE], each row a cache line."""
    area = np.zeros((n + 1) * LINE, dtype=np.int64)
    start = -(area.ctypes.data // area.itemsize) % LINE
    return area[start : start + n * LINE].reshape(n, LINE)


def private(n: int) -> NDArray[np.int64]:
    """Zeros, int64[n], on cache lines that nothing else is on."""
    return lines(-(-n // LINE)).reshape(-1)[:n]


def slot_of(thread: int) -> int:
    """The word of a thread's state; `thread` is at least 1."""
    return FIRST_SLOT + (thread - 1) * LINE


def slots(team: NDArray[np.int64]) -> slice:
    """The words of all states."""
    return slice(FIRST_SLOT, FIRST_SLOT + int(team[SLOTS]) * LINE, LINE)


if TYPE_CHECKING:
    Words = NDArray[np.int64]

    def atomic_load(team: Words, place: int) -> int:
        """The word, and everything that was written before it was."""

    def atomic_store(team: Words, place: int, value: int) -> None:
        """Write the word after everything that was written before."""

    def atomic_add(team: Words, place: int, value: int) -> int:
        """Add to the word; what it was before."""

    def atomic_swap(team: Words, place: int, old: int, new: int) -> bool:
        """Replace `old` by `new`; False if the word was something else."""

    def pause() -> None:
        """Tell the processor that this is a loop that waits."""

    def give_way(function: int) -> None:
        """Call the system's function at this address (see `give_way_address`)."""

    def number_of(rows: NDArray[np.uint64]) -> int:
        """An address (see `block.address`) as a number."""

    def rows_at(number: int) -> NDArray[np.uint64]:
        """The address again."""

else:

    def _word(context, builder, sig, args):
        data = data_pointer(context, builder, sig.args[0], args[0])
        return builder.gep(data, [context.cast(builder, args[1], sig.args[1], types.int64)], inbounds=True)

    @intrinsic
    def atomic_load(typingctx, team, place):
        def emit(context, builder, sig, args):
            return builder.load_atomic(_word(context, builder, sig, args), "seq_cst", 8)

        return types.int64(team, place), emit

    @intrinsic
    def atomic_store(typingctx, team, place, value):
        def emit(context, builder, sig, args):
            value = context.cast(builder, args[2], sig.args[2], types.int64)
            builder.store_atomic(value, _word(context, builder, sig, args), "seq_cst", 8)
            return context.get_dummy_value()

        return types.void(team, place, value), emit

    @intrinsic
    def atomic_add(typingctx, team, place, value):
        def emit(context, builder, sig, args):
            value = context.cast(builder, args[2], sig.args[2], types.int64)
            return builder.atomic_rmw("add", _word(context, builder, sig, args), value, "seq_cst")

        return types.int64(team, place, value), emit

    @intrinsic
    def atomic_swap(typingctx, team, place, old, new):
        def emit(context, builder, sig, args):
            old, new = (context.cast(builder, args[i], sig.args[i], types.int64) for i in (2, 3))
            word = _word(context, builder, sig, args)
            return builder.extract_value(builder.cmpxchg(word, old, new, "seq_cst", "seq_cst"), 1)

        return types.boolean(team, place, old, new), emit

    @intrinsic
    def pause(typingctx):
        def emit(context, builder, sig, args):
            triple = context.codegen().magic_tuple()[0]
            if triple.startswith(("x86_64", "amd64")):
                name, arguments = "llvm.x86.sse2.pause", []
            elif triple.startswith(("aarch64", "arm64")):
                name, arguments = "llvm.aarch64.hint", [ir.Constant(I32, 1)]
            else:
                return context.get_dummy_value()
            function = builder.module.globals.get(name)
            if function is None:
                signature = ir.FunctionType(ir.VoidType(), [each.type for each in arguments])
                function = ir.Function(builder.module, signature, name)
            builder.call(function, arguments)
            return context.get_dummy_value()

        return types.void(), emit

    @intrinsic
    def give_way(typingctx, function):
        def emit(context, builder, sig, args):
            there = builder.icmp_unsigned("!=", args[0], ir.Constant(I64, 0))
            with builder.if_then(there):
                builder.call(builder.inttoptr(args[0], ir.FunctionType(I32, []).as_pointer()), [])
            return context.get_dummy_value()

        return types.void(types.int64), emit

    @intrinsic
    def number_of(typingctx, rows):
        def emit(context, builder, sig, args):
            return builder.ptrtoint(args[0], I64)

        return types.int64(rows), emit

    @intrinsic
    def rows_at(typingctx, number):
        def emit(context, builder, sig, args):
            return builder.inttoptr(args[0], I64.as_pointer())

        return types.CPointer(types.uint64)(types.int64), emit


@jit(f"void({NUMBERS}, int64)")
def wait_a_little(team: NDArray[np.int64], spins: int) -> None:
    """Before looking again for the time `spins`: a pause, or the processor for others if it takes long."""
    if spins < SPINS:
        pause()
    else:
        give_way(team[GIVE_WAY])


@jit(f"void({NUMBERS})")
def hire(team: NDArray[np.int64]) -> None:
    """Set all who are there to work on what the leader wrote into the team, which may be to go on ALONE.

    The leader is rank 0.
    """
    size = 1
    for slot in range(0 if team[ALONE] else team[SLOTS]):
        if atomic_swap(team, FIRST_SLOT + slot * LINE, READY, HIRED):
            size += 1
    team[SIZE] = size
    if size == 1:
        return
    team[SHARED] += 1
    atomic_store(team, ARRIVED, 0)
    rank = 0
    for slot in range(team[SLOTS]):
        place = FIRST_SLOT + slot * LINE
        if atomic_load(team, place) == HIRED:
            rank += 1
            atomic_store(team, place, WORKING + rank)


@jit(f"void({NUMBERS})")
def finish(team: NDArray[np.int64]) -> None:
    """Wait until all who were hired are done."""
    never_inline()
    for slot in range(team[SLOTS]):
        place, spins = FIRST_SLOT + slot * LINE, 0
        while atomic_load(team, place) > WORKING:
            spins += 1
            wait_a_little(team, spins)


@jit(f"void({NUMBERS}, {NUMBERS})")
def barrier(team: NDArray[np.int64], layout: NDArray[np.int64]) -> None:
    """Wait until all who work on the chunk came here."""
    never_inline()
    layout[c.BARRIERS] += 1
    goal, spins = layout[c.BARRIERS] * team[SIZE], 0
    atomic_add(team, ARRIVED, 1)
    while atomic_load(team, ARRIVED) < goal:
        spins += 1
        wait_a_little(team, spins)


@jit(f"int64({NUMBERS}, int64)")
def await_work(team: NDArray[np.int64], place: int) -> int:
    """Wait, READY, in the slot at `place` until hired.

    Returns:
        The rank, or 0 if nobody wanted this thread for long enough, or the team was closed.
    """
    never_inline()
    spins = 0
    while spins < SPINS + team[PATIENCE]:
        state = atomic_load(team, place)
        if state > WORKING:
            return int(state - WORKING)
        if state == CLOSED:
            return 0
        spins += 1  # HIRED counts too, but who is hired does not leave: see below
        wait_a_little(team, spins)
    if atomic_swap(team, place, READY, AWAY):
        return 0
    # Hired, or closed, in the last moment. The leader looks for others, unless somebody has its core.
    while atomic_load(team, place) == HIRED:
        pause()
        give_way(team[GIVE_WAY])
    return max(int(atomic_load(team, place) - WORKING), 0)


@jit("int64(int64, int64, int64)")
def share(n: int, rank: int, size: int) -> int:
    """Where the lanes of `rank` begin, of n that `size` threads share; those of rank `size`: n."""
    units = -(-n // UNIT)
    return min(units * rank // size * UNIT, n)


@jit("int64(int64, int64)")
def group_lanes(width: int, groups: int) -> int:
    """Lanes of a group of a strip of `width` lanes; the last groups may have fewer, or none."""
    units = -(-width // UNIT)
    return -(-units // groups) * UNIT
