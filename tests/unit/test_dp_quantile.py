"""dp.quantile and dp.median: scores and their sensitivity over all neighbours, the grid, guarantees, ANDs."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import ceil
from typing import Any

import numpy as np
import pytest

from gc2pc import Array, Bool, Both, Fixed, Int, UInt, circuit, dp, parties
from gc2pc.dp.amounts import epsilon_of
from gc2pc.dp.quantile import median, quantile, scores_of
from gc2pc.errors import CompileError

alice, bob = parties("alice", "bob")


def scores(cells: tuple[int, ...], size: int, rank: int) -> list[int]:
    """Minus the distance of the rank from the ranks at each point."""
    found = []
    for point in range(size):
        below = sum(cell < point for cell in cells)
        within = below + sum(cell == point for cell in cells)
        if point == size - 1:
            within = len(cells)
        ranks = range(below + 1, within + 1)
        found.append(0 if rank in ranks else -max(0, rank - within, below + 1 - rank))
    return found


@pytest.mark.parametrize("rank", [1, 2, 3, 4])
def test_scores_are_distances_in_rank_and_move_by_one(rank: int) -> None:
    size = 4
    for cells in product(range(size), repeat=4):
        if list(cells) != sorted(cells):
            continue
        counts = UInt[3]([sum(cell == point for cell in cells) for point in range(size - 1)])
        found = [int(x) for x in scores_of(counts, 4, rank)]
        assert found == scores(cells, size, rank)
        assert found[sorted(cells)[rank - 1]] == 0 == max(found)
        for record, other in product(range(4), range(size)):
            moved = scores((*cells[:record], other, *cells[record + 1 :]), size, rank)
            assert max(abs(a - b) for a, b in zip(found, moved, strict=True)) <= 1


@pytest.mark.parametrize(
    ("kind", "bounds", "points"),
    [
        (UInt[8], (0, 255), 256),
        (UInt[8], (10, 200), 16),
        (Int[8], (-100, 100), 64),
        (Int[8], (-128, -1), 100),
        (Fixed[5, 3], (-7.5, 8.25), 32),
    ],
)
@pytest.mark.parametrize("q", [0, "1/4", 0.5, 1])
def test_the_answer_is_the_grid_point_next_to_the_quantile(
    kind: Any, bounds: Any, points: int, q: Any
) -> None:
    rng = np.random.default_rng(points)
    low, high = bounds
    values = rng.integers(int(low), int(high) + 1, 41).tolist()
    values[3], values[7] = kind.low / 2**kind.fraction, kind.high / 2**kind.fraction  # outside of the bounds
    values = [int(v) if kind.fraction == 0 else v for v in values]

    @circuit
    def shown(x: Array[kind, 41] @ alice) -> kind @ Both:
        return quantile(x, q, 60, bounds=bounds, points=points)

    held = sorted(min(max(v, low), high) for v in values)
    exact = held[max(1, ceil(Fraction(str(q)) * 41)) - 1]
    unit = 2.0**-kind.fraction
    step = unit
    while (high - low) // step + 1 > points:
        step *= 2
    for found in (shown.simulate(x=values), shown(values)):
        assert low <= float(found) <= high
        assert (float(found) - low) % step == 0
        assert abs(float(found) - exact) <= step / 2 or float(found) + step > high
    certificate = dp.certify(shown)
    assert epsilon_of(60).allows(certificate.guarantee.ratio)
    assert certificate.guarantee.delta <= Fraction(1, 1 << 40)


def test_equal_values_in_one_cell_are_found() -> None:
    @circuit
    def shown(x: Array[UInt[4], 60] @ alice) -> UInt[4] @ Both:
        return median(x, 4, bounds=(0, 10))

    assert int(shown.simulate(x=[5] * 60)) == 5
    assert shown.compile().counts.and_count == 2_462


def test_a_contributor_of_many_records_costs_more_noise() -> None:
    @circuit(private=dp.private(epsilon=1, delta_dp="2^-40"))
    def shown(x: Array[UInt[8], 30] @ alice) -> UInt[8] @ Both:
        return median(x, 1, bounds=(0, 255), points=16, per_contributor=3)

    assert "3 records" in dp.certify(shown).entries[0].sensitivity


def test_a_row_that_reaches_several_values_counts_for_all() -> None:
    @circuit
    def shown(x: Array[UInt[4], 12] @ alice) -> UInt[4] @ Both:
        return median(x + x[::-1], 1, bounds=(0, 15))

    @circuit
    def plain(x: Array[UInt[4], 12] @ alice) -> UInt[4] @ Both:
        return median(x, 1, bounds=(0, 15))

    spreads = []
    for program in (plain, shown):
        entry = dp.certify(program).entries[0]
        spreads.append(entry.laws[0].variance / 4 ** int(dict(entry.facts)["scores raised"]))
    assert spreads[1] > 3 * spreads[0]


@pytest.mark.parametrize(
    "call",
    [
        lambda x: quantile(x, 2, 1, bounds=(0, 10)),
        lambda x: quantile(x, -0.5, 1, bounds=(0, 10)),
        lambda x: quantile(x, "x", 1, bounds=(0, 10)),
        lambda x: median(x, 1, bounds=(3, 3)),
        lambda x: median(x, 1, bounds=(9, 3)),
        lambda x: median(x, 1, bounds=(0, 10), points=1),
        lambda x: median(x, 1, bounds=(0, 10), points=True),
        lambda x: median(x, 1, bounds=(0, 10), per_contributor=0),
        lambda x: median(x, 0, bounds=(0, 10)),
        lambda x: median(x[0], 1, bounds=(0, 10)),
        lambda x: median(x, 1, bounds=(0, 10), delta_dp=0),
    ],
)
def test_what_is_refused(call: Any) -> None:
    with pytest.raises(CompileError):
        call(UInt[8]([1, 2, 3]))


def test_a_secret_number_of_values_has_no_quantile() -> None:
    @circuit(private=dp.private(relation="add/remove", present="here"))
    def shown(x: Array[UInt[4], 12] @ alice, here: Array[Bool, 12] @ alice) -> UInt[4] @ Both:
        return median(x, 1, bounds=(0, 15))

    with pytest.raises(CompileError, match="secret"):
        shown.compile()
