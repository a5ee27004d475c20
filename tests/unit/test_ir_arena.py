"""Memory that runs use one after the other: reused where it fits, and nothing of a run survives in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gc2pc.effects import Send
from gc2pc.errors import PeerError
from gc2pc.ir import arena
from gc2pc.ir.arena import KEEP_ROWS, SMALL_ROWS, SPARE_FACTOR, Arena
from gc2pc.ir.machine import Machine
from gc2pc.kernels import lanes
from gc2pc.session.runner import run_pair
from tests.reference.bad_wire import altered
from tests.reference.protocol_runs import Pair, check, connect, draw, mixed, simple, wide


def lend(memory: Arena, rows: int) -> Any:
    """Take, fill and give back `rows` rows; the area that they lay in."""
    area = memory.take(rows)
    assert len(area) >= rows
    assert not area.any()
    assert area.ctypes.data % (16 * lanes.VECTOR) == 0
    area[:rows] = 0xFFFF_FFFF_FFFF_FFFF
    memory.give_back(area, rows)
    return area


def test_an_area_is_lent_again_if_it_fits_and_is_dropped_if_it_is_much_too_large():
    memory = Arena()
    large = SPARE_FACTOR * SMALL_ROWS
    first = lend(memory, large)
    assert lend(memory, large) is first
    assert lend(memory, SMALL_ROWS) is first
    small = lend(memory, SMALL_ROWS - 1)
    assert small is not first
    assert lend(memory, 1) is small
    assert lend(memory, large) is not small


def test_an_area_is_lent_to_one_at_a_time():
    memory = Arena()
    lend(memory, 10)
    one, other = memory.take(10), memory.take(10)
    assert not np.may_share_memory(one, other)


def test_the_largest_areas_are_not_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(arena, "KEEP_ROWS", 1000)
    memory = Arena()
    assert lend(memory, 1000) is lend(memory, 1000)
    lend(memory, 1001)
    assert memory._kept is None
    assert KEEP_ROWS * 16 <= 64 * 1024 * 1024


def kept(pair: Pair) -> list[Any]:
    """The areas that both sides keep; there is not a bit in them."""
    contexts = (pair.first._garbling, pair.second._evaluation)
    areas = [context.arena._kept for context in contexts if context is not None]
    assert len(areas) == 2
    assert not any(area is not None and area.any() for area in areas)
    return areas


@pytest.mark.parametrize("batch", [1, 3])
def test_circuits_of_any_size_follow_each_other_and_leave_nothing(batch: int):
    pair = connect()
    for seed, circuit in enumerate([simple(), wide(), mixed(), wide(5_000), simple(), mixed(5, 9), wide()]):
        inputs = draw(circuit, seed, batch=batch)
        check(circuit, inputs, pair.run(circuit, inputs))
        assert all(area is not None for area in kept(pair))


def test_a_run_uses_the_memory_of_the_one_before():
    pair = connect()
    areas = []
    for seed in range(3):
        inputs = draw(wide(), seed)
        pair.run(wide(), inputs)
        areas.append(kept(pair))
    assert all(now is first for later in areas[1:] for now, first in zip(later, areas[0], strict=True))


def test_a_run_that_fails_leaves_nothing_and_ends_with_the_memory_gone():
    pair = connect()
    circuit = wide()
    pair.run(circuit, draw(circuit, 1))
    areas = kept(pair)
    inputs = draw(circuit, 2)

    def spoil_tables(offset: int, data: bytearray) -> None:
        for i in range(max(0, 5_000 - offset), len(data)):
            data[i] ^= 0xFF

    with pytest.raises(PeerError):
        run_pair(
            altered(pair.first.run(circuit, inputs.mine[0]), spoil_tables),
            pair.second.run(circuit, inputs.mine[1]),
        )
    assert not any(area.any() for area in areas)
    assert kept(pair) == [None, None]


def test_a_run_that_is_given_up_half_way_leaves_nothing():
    pair = connect()
    circuit = wide()
    pair.run(circuit, draw(circuit, 1))
    areas = kept(pair)
    inputs = draw(circuit, 2)

    def giving_up() -> Any:
        protocol, answer, tables = pair.first.run(circuit, inputs.mine[0]), None, 0
        try:
            while True:
                effect = protocol.send(answer)
                if isinstance(effect, Send) and len(effect.buffers[0]) > 10_000:
                    assert areas[0][:1_000].any()  # labels, as long as it runs
                    raise KeyboardInterrupt
                tables += 1
                answer = yield effect
        finally:
            protocol.close()

    with pytest.raises(KeyboardInterrupt):
        run_pair(giving_up(), pair.second.run(circuit, inputs.mine[1]))
    assert not any(area.any() for area in areas)


def test_closing_gives_the_memory_back():
    pair = connect()
    pair.run(wide(), draw(wide(), 1))
    assert all(area is not None for area in kept(pair))
    for connection in (pair.first, pair.second):
        connection.close()
    assert kept(pair) == [None, None]


def test_a_machine_has_no_labels_after_its_end():
    memory = Arena()
    with Machine(simple(), 2, memory) as machine:
        machine.labels(simple().inputs[0])[:] = 7
    assert not machine.labels(simple().inputs[0]).size
    assert memory._kept is not None
    assert not memory._kept.any()


def test_input_ports_that_are_neighbours_are_one_span():
    circuit = mixed(3, 5)
    machine = Machine(circuit, 2)
    a, b = circuit.inputs[:2]
    machine.labels(a)[:] = 1
    machine.labels(b)[:] = 2
    both = machine.span([a, b])
    assert both is not None
    np.testing.assert_array_equal(both[:, 0], [1] * 30 + [2] * 30)
    assert machine.span([b, a]) is None
    assert machine.span([]) is None
