"""Uniform numbers: the random bits themselves, without a gate."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest

from gc2pc.dp.cone import count_ands
from gc2pc.dp.uniform import Uniform
from gc2pc.ir.graph import Graph


@pytest.mark.parametrize("width", [1, 2, 7, 12])
def test_all_values_are_equally_likely(width: int) -> None:
    sampler = Uniform(width)
    graph = Graph()
    random = graph.random(width, 3)
    sample = sampler.gates(graph, random)
    assert sample.wires == random
    assert sample.steps == ()
    assert count_ands(graph, sample.wires, random) == sampler.and_count == 0
    drawn = Counter(sampler.draw([row >> i & 1 for i in range(width)]) for row in range(1 << width))
    law = sampler.law()
    assert (law.lowest, law.highest) == (0, (1 << width) - 1)
    assert drawn == dict.fromkeys(range(1 << width), 1)
    assert {law.probability(value) for value in drawn} == {Fraction(1, 1 << width)}
    assert law.mean == Fraction((1 << width) - 1, 2)
    assert law.variance == Fraction((1 << 2 * width) - 1, 12)
    assert not sampler.signed
    assert sampler.random_bits == sampler.width == width
    assert sampler.facts() == (("uniform bits", str(width)),)


def test_a_wide_number_has_its_law_without_a_list() -> None:
    law = Uniform(200).law()
    assert law.highest == (1 << 200) - 1
    assert law.interval() == ((1 << 200) * 25 // 1000, (1 << 200) - 1 - (1 << 200) * 25 // 1000)
