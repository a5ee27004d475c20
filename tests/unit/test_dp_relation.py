"""Relations between elements and lanes, against plain sets of pairs."""

from __future__ import annotations

from random import Random

import pytest

from gc2pc.dp.relation import Relations, Untold, numbers
from gc2pc.ir.view import View

Pairs = set[tuple[int, int]]


def pairs(relations: Relations, reads: int) -> Pairs:
    found: Pairs = set()
    for number in numbers(reads):
        elements, lanes = (part.tolist() for part in relations.pairs(number))
        listed = list(zip(elements, lanes, strict=True))
        assert listed == sorted(set(listed))
        found |= set(listed)
    return found


def scrambled(relations: Relations, random: Random, lanes: int, count: int) -> int:
    """So many random relations to a wire."""
    reads = 0
    for _ in range(count):
        view = View.indices([random.randrange(lanes) for _ in range(relations.elements)])
        for _, read in relations.gathered(relations.identity, (view,), (lanes,)):
            reads |= read
    return reads


@pytest.mark.parametrize("count", [1, 3, 100])
def test_maps_of_lanes(count: int) -> None:
    random = Random(count)
    relations = Relations(7, 1 << 20)
    reads = scrambled(relations, random, 12, count)
    known = pairs(relations, reads)
    assert len(known) >= 7 + min(count, 20) - 1
    assert pairs(relations, relations.one(reads)) == known
    assert len(numbers(relations.one(reads))) == 1
    spread = {(e, lane // 4 * 20 + t * 4 + lane % 4) for e, lane in known for t in range(5)}
    assert pairs(relations, relations.spread(reads, 4, 5)) == spread
    assert pairs(relations, relations.fold(reads, 2, 3)) == {
        (e, lane // 6 * 2 + lane % 2) for e, lane in known
    }
    assert relations.spread(reads, 12, 1) == relations.fold(reads, 12, 1) == reads
    whole = relations.whole(reads, 4)
    assert pairs(relations, whole) == {(e, lane // 4) for e, lane in known}
    every = {(e, lane // 4 * 9 + i) for e, lane in known for i in range(9)}
    assert pairs(relations, relations.every(whole, 9)) == every


@pytest.mark.parametrize("count", [1, 3, 100])
def test_gathers(count: int) -> None:
    """Of two copies of a wire that is made of three others."""
    random = Random(count)
    relations = Relations(9, 1 << 20)
    reads = scrambled(relations, random, 24, count)
    views = (View.affine(5, (4,), (-1,)), View.identity(1), View.indices([1, 1, 0, 6, 6, 3, 0]))
    widths = (6, 0, 8)  # the second is a constant
    origins = [(i, lane) for i, view in enumerate(views) for lane in view.to_array().tolist()]
    found: list[Pairs] = [set(), set(), set()]
    for source, read in relations.gathered(reads, views, widths):
        found[source] |= pairs(relations, read)
    expected: list[Pairs] = [set(), set(), set()]
    for element, lane in pairs(relations, reads):
        source, inner = origins[lane % 12]
        expected[source].add((element, lane // 12 * widths[source] + inner))
    assert found == expected


@pytest.mark.parametrize("count", [1, 3, 100])
def test_what_is_new(count: int) -> None:
    random = Random(count)
    relations = Relations(5, 1 << 20)
    old, new = (scrambled(relations, random, 10, count) for _ in range(2))
    left = relations.without(old | new, old)
    assert pairs(relations, left) == pairs(relations, new) - pairs(relations, old)
    assert relations.without(new, 0) == new
    assert relations.without(old, old | new) == 0


def test_equal_relations_are_one() -> None:
    relations = Relations(6, 1 << 20)
    ((_, turned),) = relations.gathered(relations.identity, (View.affine(5, (6,), (-1,)),), (6,))
    ((_, again),) = relations.gathered(turned, (View.indices([5, 4, 3, 2, 1, 0]),), (6,))
    assert again == relations.identity != turned


def test_too_much_is_refused() -> None:
    with pytest.raises(Untold):
        Relations(1001, 1000)
    relations = Relations(10, 1000)
    with pytest.raises(Untold):
        relations.spread(relations.identity, 10, 1 << 40)
    relations = Relations(1, 1 << 20)
    with pytest.raises(Untold):  # lanes have 32 bits
        relations.gathered(relations.identity, (View(1 << 32, (1,), (1,)),), (1 << 33,))
