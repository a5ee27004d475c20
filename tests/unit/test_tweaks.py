"""No (delta, tweak) pair is ever hashed for two purposes.

Two counts that know nothing of each other: the ranges that contexts hand out, and the arguments with which
the kernels are really called, per delta. (That the kernel hashes AND g under T + 2g and T + 2g + 1 and
nothing else is what `test_protocol_reference` checks byte for byte.)
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from gc2pc.garbling import outputs
from gc2pc.garbling.context import _Context
from gc2pc.garbling.plan import RunPlan
from gc2pc.kernels import interpreter, opcodes
from gc2pc.kernels import labels as label_kernels
from tests.reference.protocol_runs import CIRCUITS, Pair, check, connect, draw


class Hashed:
    """Every (S, tweak) that a garbler's kernels hash under, as often as it happens."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gates: Counter[tuple[bytes, int]] = Counter()
        self.rows: Counter[tuple[bytes, int]] = Counter()
        self.handed_out: list[tuple[int, range]] = []
        self._watch_gates(monkeypatch)
        self._watch_rows(monkeypatch)
        take = _Context.take_tweaks

        def take_tweaks(context: _Context, count: int) -> int:
            first = take(context, count)
            self.handed_out.append((id(context), range(first, first + count)))
            return first

        monkeypatch.setattr(_Context, "take_tweaks", take_tweaks)

    def _watch_gates(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = interpreter.execute

        def execute(thread: int, role: int, *arguments: Any) -> Any:
            cursor, keys, first = arguments[7], arguments[10], int(arguments[11])
            before = int(cursor[opcodes.DONE])
            done = real(thread, role, *arguments)
            if role == opcodes.GARBLE:
                delta = keys[opcodes.DELTA].tobytes()
                assert int(cursor[opcodes.DONE]) == before + done
                self.gates.update((delta, first + 2 * before + i) for i in range(2 * done))
            return done

        monkeypatch.setattr(interpreter, "execute", execute)

    def _watch_rows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = label_kernels.decode_rows

        def decode_rows(w0: Any, delta: Any, start: Any, first: Any, scratch: Any, rows: Any) -> None:
            self.rows.update((delta.tobytes(), int(first) + i) for i in range(len(rows)))
            real(w0, delta, start, first, scratch, rows)

        monkeypatch.setattr(outputs, "decode_rows", decode_rows)


def run_everything(pair: Pair) -> int:
    """Every circuit, each garbler, batches, repeats; the tweaks that this should take."""
    expected = 0
    for batch in (1, 3, 1):
        for garbler in (0, 1):
            for name, make in CIRCUITS.items():
                circuit = make(garbler=garbler)
                inputs = draw(circuit, batch, batch=batch, once=("a",) if name == "mixed" else ())
                check(circuit, inputs, pair.run(circuit, inputs, record=False))
                expected += RunPlan(circuit, batch, frozenset()).tweaks
    return expected


@pytest.mark.parametrize("real_ot", [False, True], ids=["ideal OT", "real OT"])
def test_no_delta_tweak_pair_occurs_twice(real_ot, monkeypatch):
    hashed = Hashed(monkeypatch)
    pair = connect(real_ot=real_ot)
    expected = run_everything(pair)

    everything = hashed.gates + hashed.rows
    assert max(everything.values()) == 1
    assert len(everything) == expected
    deltas = {delta for delta, _ in everything}
    contexts = [pair.first._garbling, pair.second._garbling]
    assert deltas == {context.delta.tobytes() for context in contexts if context}
    assert len(deltas) == 2
    for context in contexts:
        assert context is not None
        own = {tweak for delta, tweak in everything if delta == context.delta.tobytes()}
        assert own == set(range(context.tweaks_used))  # and none is left out


def test_ranges_that_a_context_hands_out_never_overlap(monkeypatch):
    hashed = Hashed(monkeypatch)
    run_everything(connect())
    ends: dict[int, int] = {}
    for context, handed in hashed.handed_out:
        assert handed.start == ends.get(context, 0)
        ends[context] = handed.stop
    assert len(ends) == 4  # two contexts on each side


def test_both_sides_count_alike():
    pair = connect()
    run_everything(pair)
    for garbler, evaluator in ((pair.first, pair.second), (pair.second, pair.first)):
        assert garbler._garbling is not None
        assert evaluator._evaluation is not None
        assert garbler._garbling.tweaks_used == evaluator._evaluation.tweaks_used > 0


def test_two_connections_share_no_delta_and_no_start():
    pairs = [connect(bytes([i])) for i in range(5)]
    circuit = CIRCUITS["simple"]()
    for pair in pairs:
        pair.run(circuit, draw(circuit, 1))
    contexts = [pair.first._garbling for pair in pairs]
    for name in ("delta", "start"):
        assert len({getattr(context, name).tobytes() for context in contexts}) == 5
