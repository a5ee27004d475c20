"""Threads of a party: refused numbers, their life, and what an error or a fork leaves behind."""

from __future__ import annotations

import copy
import ctypes
import gc
import os
import threading
import time
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gc2pc
from gc2pc import Array, Both, UInt, circuit, params, parties
from gc2pc.bench.programs import aes_chain
from gc2pc.crypto.rng import SeededRng
from gc2pc.errors import InputError
from gc2pc.ir import crew as crews
from gc2pc.ir.crew import Pace
from gc2pc.ir.machine import Machine
from gc2pc.kernels import interpreter, opcodes, team
from gc2pc.kernels.block import address
from gc2pc.kernels.jit import Kernel
from gc2pc.session.crew import MOST_THREADS, Crew
from gc2pc.session.local import run_parties

alice, bob = parties("alice", "bob")


@circuit
def product(a: Array[UInt[16], 300] @ alice, b: Array[UInt[16], 300] @ bob) -> Array[UInt[16], 300] @ Both:
    return a * b


INPUTS = {"a": np.arange(300) * 7, "b": np.arange(300) * 11}


def own_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("gc2pc-thread")]


@pytest.mark.parametrize("threads", [0, -1, True, False, 1.0, "2", None, MOST_THREADS + 1])
def test_numbers_of_threads_that_are_none(threads: Any) -> None:
    for make in (
        lambda: Crew(threads),
        lambda: gc2pc.listen("127.0.0.1:0", alice, threads=threads),
        lambda: gc2pc.connect("127.0.0.1:1", bob, threads=threads),
    ):
        with pytest.raises(InputError, match="threads"):
            make()


def test_more_threads_than_cores_are_no_error() -> None:
    with Crew(MOST_THREADS) as crew:
        assert crews.helpers(product.compile(), 100, crew) == 256 // 8 - 1
    assert own_threads() == []


def test_threads_start_when_they_are_called_and_end_with_the_crew() -> None:
    done = threading.Semaphore(0)
    crew = Crew(3)
    assert own_threads() == []
    for _ in range(5):
        crew.call(done.release)
    for _ in range(5):
        assert done.acquire(timeout=60)
    assert len(own_threads()) == 2
    assert all(thread.daemon for thread in own_threads())
    crew.close()
    crew.close()
    assert own_threads() == []
    crew.call(done.release)  # a run that has not noticed yet: nobody comes, and it goes on alone
    assert own_threads() == []


def test_threads_end_with_a_crew_that_nobody_closes() -> None:
    done = threading.Semaphore(0)
    crew = Crew(3)
    for _ in range(2):
        crew.call(done.release)
    threads = own_threads()
    assert len(threads) == 2
    del crew
    gc.collect()
    for thread in threads:
        thread.join(60)
    assert own_threads() == []
    assert done.acquire(timeout=1)
    assert done.acquire(timeout=1)


def _await_work(words: NDArray[np.int64], place: int) -> int:
    return team.await_work(address(words), place)


def test_who_is_hired_gives_way_to_the_leader() -> None:
    """The leader is the system's function here: it looks for others until somebody gives way."""
    words = team.words(1, 1)
    place = team.slot_of(1)

    def lead() -> int:
        words[place] = team.WORKING + 1
        return 0

    leader = ctypes.CFUNCTYPE(ctypes.c_int)(lead)
    words[team.GIVE_WAY] = ctypes.cast(leader, ctypes.c_void_p).value or 0
    await_work: Any = Kernel(_await_work, "int64(int64[::1], int64)")
    await_work.compile()
    ranks: list[int] = []
    for patience in (0, 1 << 40):  # it has run out, or not
        words[team.PATIENCE], words[place] = patience, team.HIRED
        waiting = threading.Thread(target=lambda: ranks.append(await_work(words, place)), daemon=True)
        waiting.start()
        waiting.join(20)
        words[place] = team.WORKING + 1
        assert not waiting.is_alive()
    assert ranks == [1, 1]


def test_small_runs_call_nobody() -> None:
    with Crew(4) as crew:
        assert Machine(product.compile(), 1, crew=crew)._crew is None
        assert Machine(product.compile(), 10, crew=crew)._crew is crew
        assert Machine(product.compile(), 10, crew=None)._crew is None
        chain = aes_chain.compile()  # many ANDs, few of them at a time
        assert chain.and_count > crews.CREW_ANDS
        assert Machine(chain, 1, crew=crew)._crew is None
        assert Machine(chain, 10, crew=crew)._crew is crew
    with Crew(1) as crew:
        assert Machine(product.compile(), 10, crew=crew)._crew is None


@pytest.mark.parametrize("threads", [(2, 1), (1, 3), (2, 2)])
def test_threads_do_not_show_on_the_wire(threads: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[int] = []
    call = Machine._call

    def counting(machine: Machine, crew: Crew) -> None:
        called.append(crew.threads)
        call(machine, crew)

    monkeypatch.setattr(Machine, "_call", counting)
    results = []
    for each in ((1, 1), threads):
        with monkeypatch.context() as patch:
            patch.setattr(crews, "CREW_ANDS", 0)
            patch.setattr(crews, "WINDOW", 1)
            patch.setattr(team, "SHARED_WORK", 0)
            patch.setattr(params, "CHUNK", 64 * 1024)
            rngs = SeededRng(b"one"), SeededRng(b"two")
            results.append(run_parties(product, INPUTS, rngs=rngs, record=True, threads=each))
    one, other = results
    assert set(called) == set(threads) - {1}
    assert one.transcripts == other.transcripts
    assert one.reports["alice"].bytes_sent == other.reports["alice"].bytes_sent
    np.testing.assert_array_equal(other.outputs["alice"], INPUTS["a"] * INPUTS["b"] % 2**16)
    assert own_threads() == []


def ready(machine: Machine) -> None:
    assert machine._crew is not None
    machine._pace.together = True
    machine._call(machine._crew)
    limit = time.monotonic() + 60
    while (machine._team[team.slots(machine._team)] != team.READY).any():
        assert time.monotonic() < limit
        time.sleep(0.0001)


def garble(machine: Machine, ands: int) -> None:
    delta = np.array([1, 2], np.uint64)
    machine.garble(np.zeros((2 * ands, 2), np.uint64), delta, delta, 0)


def test_after_an_error_nobody_writes_into_the_wiped_arena(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team, "PATIENCE_ROUNDS", 1 << 40)  # only the end of the run sends them away
    with Crew(3) as crew:
        machine = Machine(product.compile(), 10, crew=crew)
        labels = machine._labels
        with pytest.raises(KeyboardInterrupt), machine:
            ready(machine)
            garble(machine, 1000)
            assert machine._team[team.SHARED] == 1
            assert labels.any()
            raise KeyboardInterrupt
        assert not labels.any()
        assert not machine._keys.any()
        assert (machine._team[team.slots(machine._team)] == team.CLOSED).all()
        begun = time.monotonic()
    assert own_threads() == []
    assert time.monotonic() - begun < 60
    assert not labels.any()


def test_a_thread_that_dies_is_one_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    died = threading.Semaphore(0)
    monkeypatch.setattr(threading, "excepthook", lambda _: died.release())
    real = interpreter.execute

    def execute(thread: int, *arguments: Any) -> Any:
        if thread:
            raise MemoryError
        return real(thread, *arguments)

    monkeypatch.setattr(interpreter, "execute", execute)
    alone, helped = Machine(product.compile(), 10), None
    with Crew(2) as crew:
        helped = Machine(product.compile(), 10, crew=crew)
        helped._pace.together = True
        for machine in (alone, helped):
            machine._labels[: machine._layouts[0, opcodes.TEMPORARIES]] = 3
            while machine.remaining:
                garble(machine, min(5000, machine.remaining))
        assert died.acquire(timeout=60)
        for port in product.compile().outputs:
            np.testing.assert_array_equal(alone.read(port), helped.read(port))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_machine_with_threads_refuses_a_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    with Crew(2) as crew:
        machine = Machine(product.compile(), 10, crew=crew)
        with monkeypatch.context() as child:
            child.setattr(os, "getpid", lambda: -1)
            machine._pace.together = True
            with pytest.raises(RuntimeError, match="fork"):
                garble(machine, 10)
            crew.call(lambda: None)
    assert own_threads() == []
    with pytest.raises(TypeError):
        copy.deepcopy(crew)


def after(pace: Pace, windows: int, seconds: float) -> bool:
    """Whether helpers are wanted after so many windows, of chunks of that many seconds."""
    for _ in range(windows * crews.WINDOW):
        pace.note(1000, seconds)
    return pace.together


def test_helpers_that_slow_a_run_down_rest_ever_longer() -> None:
    pace = Pace()
    for rest in (1, 2, 4, 8, 16):
        assert not after(pace, rest - 1, 2.0)
        assert after(pace, 1, 2.0)
        assert not after(pace, 1, 2.5)
    assert after(pace, 32, 2.0)
    assert after(pace, 50, 1.0)
    assert not after(pace, 1, 2.5)
    assert after(pace, 2, 2.0)  # after a good time the rest is short again
    for rest in (4, 8, 16, 32, 64, 128, 256, 512, 512, 512):
        assert not after(pace, 1, 2.0)  # as fast as alone is not enough
        assert not after(pace, rest - 1, 2.0)
        assert after(pace, 1, 2.0)
    assert rest == crews.LONGEST_REST


def test_one_chunk_that_waits_for_a_core_is_enough() -> None:
    pace = Pace()
    assert after(pace, 1, 2.0)
    pace.note(1000, 2.0 * crews.STUCK + 0.1)
    assert not after(pace, 0, 0.0)
