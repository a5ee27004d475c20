"""The gallery's private programs: their meaning under fixed coins, and what their certificates say."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from itertools import accumulate
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gc2pc import Array, Bool, Both, Program, UInt, circuit, dp, parties
from gc2pc.dp.amounts import DEFAULT_DELTA, Epsilon, epsilon_of
from gc2pc.dp.exponential import plan_exponential
from gc2pc.dp.noisy_max import planned as plan_noisy_max
from gc2pc.dp.plan_gaussian import plan_gaussian
from gc2pc.dp.plan_laplace import plan_laplace
from gc2pc.dp.randomized_response import Flip, flip_coin
from gc2pc.dp.sampler import Sampler
from gc2pc.dp.sensitivity import Sensitivity
from gc2pc.dp.threshold import planned as plan_threshold
from gc2pc.dp.uniform import Uniform
from gc2pc.errors import CompileError
from gc2pc.lang.loader import load_program
from gc2pc.session.local import run_local

CIRCUITS = Path(__file__).resolve().parents[2] / "circuits"
ROWS = 24
"""Instances a test runs, each with coins of its own."""

Draw = Callable[[Sampler], list[list[int]]]
"""What a sampler makes of the coins of the first random port: per instance, per lane."""


def simulated(target: str, inputs: dict[str, Any], **statics: Any) -> tuple[Any, Draw]:
    """The results of `ROWS` instances on the same inputs, and what their coins mean."""
    program = load_program(f"{CIRCUITS}/{target}")
    sizes = program.bind(**inputs, **statics).statics
    generator = np.random.default_rng(len(target))
    coins: list[NDArray[np.uint8]] = []
    names = []
    for port in program.compile(**sizes).inputs:
        if port.random:
            names.append(port.name)
            coins.append(generator.integers(0, 2, (port.wires, port.lanes, ROWS), dtype=np.uint8))
    batch = {name: np.stack([np.asarray(value)] * ROWS) for name, value in inputs.items()}
    shown = program.simulate(**batch, **statics, randomness=dict(zip(names, coins, strict=True)))

    def draw(sampler: Sampler) -> list[list[int]]:
        bits = coins[0]
        assert len(bits) == sampler.random_bits
        lanes = range(bits.shape[1])
        return [[sampler.draw(bits[:, lane, row].tolist()) for lane in lanes] for row in range(ROWS)]

    return shown, draw


def laplace(epsilon: str, sensitivity: int, *, vector: bool = False) -> Sampler:
    return plan_laplace(epsilon_of(epsilon), DEFAULT_DELTA, sensitivity, vector=vector).sampler


CLINICS = {"a": [3, 900, 1200, 0, 65535], "b": [17, 1001]}


@pytest.mark.parametrize(("low", "high", "epsilon"), [(0, 1000, "1"), (10, 500, "1/10")])
def test_noisy_sum(low: int, high: int, epsilon: str) -> None:
    shown, draw = simulated("private_statistics.py:noisy_sum", CLINICS, low=low, high=high, epsilon=epsilon)
    total = sum(min(max(x, low), high) for x in CLINICS["a"] + CLINICS["b"])
    noise = draw(laplace(epsilon, high - low))
    assert shown.tolist() == [total + row[0] for row in noise]
    assert len(set(shown.tolist())) > ROWS // 2


def test_noisy_mean() -> None:
    (sums, numbers), draw = simulated("private_statistics.py:noisy_mean", CLINICS)
    assert numbers.tolist() == [7] * ROWS
    assert sums.tolist() == [3 + 900 + 3000 + 17 + 0 + row[0] for row in draw(laplace("1", 1000))]
    assert dp.quotient(sums[0], numbers[0]) == Fraction(int(sums[0]), 7)


AGES = {"a": [3, 14, 15, 89, 90, 120, 127], "b": [44, 45, 46, 7]}


def test_histogram() -> None:
    shown, draw = simulated("private_statistics.py:histogram", AGES)
    counts = [3, 1, 1, 2, 0, 1, 1, 1]  # 127 is in no bin
    noise = draw(laplace("1", 2, vector=True))
    assert shown.tolist() == [[c + z for c, z in zip(counts, row, strict=True)] for row in noise]


def best(scores: list[int], noise: list[int], raised: int) -> list[int]:
    """Whose noised scores are the largest."""
    noised = [(score << raised) + z for score, z in zip(scores, noise, strict=True)]
    return [i for i, value in enumerate(noised) if value == max(noised)]


def test_median() -> None:
    ages = {"a": [20, 30, 40, 50, 127], "b": [60, 70, 41, 0]}
    shown, draw = simulated("private_statistics.py:median", ages, epsilon="4")
    values = sorted(min(age, 120) for age in ages["a"] + ages["b"])
    rank = 5
    below = [sum(value <= point for value in values) for point in range(121)]
    before = [0, *below[:-1]]
    scores = [-max(0, rank - b, start + 1 - rank) for start, b in zip(before, below, strict=True)]
    assert scores[values[rank - 1]] == 0
    plan = plan_noisy_max(epsilon_of(4), DEFAULT_DELTA, 121, Sensitivity(121, 1, ""))
    for age, noise in zip(shown.tolist(), draw(plan.sampler), strict=True):
        assert age in best(scores, noise, plan.raised)
    assert np.median(shown) == pytest.approx(41, abs=15)


VOTES = {"a": [True, False, True, True, False], "b": [True, True, False]}


def test_poll() -> None:
    (north, south), draw = simulated("voting.py:poll", VOTES)
    flips = draw(Flip(flip_coin(dp.ln(3))))
    answers = np.concatenate([north, south], axis=1)
    expected = [
        [vote ^ bool(flip) for vote, flip in zip(VOTES["a"] + VOTES["b"], row, strict=True)] for row in flips
    ]
    assert answers.tolist() == expected
    assert 0 < sum(map(sum, flips)) < ROWS * 8 / 2


def test_vote_counts() -> None:
    ballots = {"a": [0, 1, 2, 2, 7], "b": [2, 4, 4, 5]}
    shown, draw = simulated("voting.py:vote_counts", ballots, epsilon="1/2")
    noise = draw(laplace("1/2", 2, vector=True))
    assert shown.tolist() == [[c + z for c, z in zip([1, 1, 3, 0, 2], row, strict=True)] for row in noise]


@pytest.mark.parametrize("at_least", [0, 1, 5, 8])
def test_referendum(at_least: int) -> None:
    shown, draw = simulated("voting.py:referendum", VOTES, at_least=at_least)
    reach = max(at_least, 8 - at_least)
    plan = plan_threshold(epsilon_of(1), DEFAULT_DELTA, 1, reach)
    assert shown.tolist() == [5 + row[0] >= at_least for row in draw(plan.sampler)]


APPROVALS = {
    "a": [[True, False, True, True], [False, False, True, False], [True, False, True, False]],
    "b": [[False, True, True, True], [False, False, False, True]],
}
APPROVED = [2, 1, 4, 3]


def test_approval() -> None:
    shown, draw = simulated("voting.py:approval", APPROVALS, epsilon="2")
    plan = plan_noisy_max(epsilon_of(2), DEFAULT_DELTA, 4, Sensitivity(4, 1, ""))
    for winner, noise in zip(shown.tolist(), draw(plan.sampler), strict=True):
        assert winner in best(APPROVED, noise, plan.raised)
    assert len(set(shown.tolist())) > 1


def test_approval_by_the_exponential_mechanism() -> None:
    shown, draw = simulated("voting.py:approval_exponential", APPROVALS, epsilon="2")
    plan = plan_exponential(epsilon_of(2), DEFAULT_DELTA, 5, 4, (1, 2))
    cumulated = list(accumulate(plan.weights[score] for score in APPROVED))
    for winner, (uniform,) in zip(shown.tolist(), draw(Uniform(plan.uniform)), strict=True):
        place = uniform * cumulated[-1] >> plan.uniform
        assert winner == next(i for i, end in enumerate(cumulated) if place < end)
    assert len(set(shown.tolist())) > 1


@pytest.mark.parametrize("per_firm", [1, 3])
def test_total_losses(per_firm: int) -> None:
    losses = {"a": [120, 90, 190, 16_000_000], "b": [5, 1000, 1001]}
    shown, draw = simulated("breaches.py:total_losses", losses, per_firm=per_firm)
    noise = draw(laplace("1", 1000 * per_firm))
    assert shown.tolist() == [3405 + row[0] for row in noise]


MODEL = {
    "records": [[0.5, -1.25, 2.0], [7.5, 7.75, 1.0], [-0.25, 0.0, -7.0], [1.0, 0.0, 0.0]],
    "weights": [1.5, 0.25, -2.0],
    "bias": 0.5,
}
SCORES = [-3.0625, 11.6875, 14.125, 2.0]


def test_mean_score() -> None:
    (sums, numbers), draw = simulated("private_linear.py:mean_score", MODEL, bound=4)
    held = sum(max(-4.0, min(4.0, score)) for score in SCORES)
    noise = draw(laplace("1", 8 << 12))
    assert sums.tolist() == [held + row[0] / 4096 for row in noise]
    assert numbers.tolist() == [4] * ROWS


def test_positives() -> None:
    shown, draw = simulated("private_linear.py:positives", MODEL)
    assert shown.tolist() == [3 + row[0] for row in draw(laplace("1", 1))]


# -- certificates ----------------------------------------------------------------------------------


CLINIC_SIZES = {"n": 500, "m": 500}
MODEL_SIZES = {"n": 100, "k": 30}
GOLDEN: dict[str, tuple[dict[str, int], str, tuple[int, int], str, float, int]] = {
    "private_statistics.py:noisy_sum": (CLINIC_SIZES, "laplace", (1000, 1000), "0.999306", 1.441e-14, 105),
    "private_statistics.py:noisy_mean": (CLINIC_SIZES, "laplace", (1000, 1000), "0.999306", 1.441e-14, 105),
    "private_statistics.py:histogram": (CLINIC_SIZES, "laplace", (2, 1), "0.997321", 3.897e-14, 8 * 60),
    "private_statistics.py:median": (CLINIC_SIZES, "noisy_max", (121, 1), "0.988568", 1.239e-14, 7622),
    "voting.py:poll": (CLINIC_SIZES, "randomized_response", (1, 1), "1.09862", 0.0, 2000),
    "voting.py:vote_counts": (CLINIC_SIZES, "laplace", (2, 1), "0.997321", 3.897e-14, 5 * 60),
    "voting.py:referendum": (
        CLINIC_SIZES | {"at_least": 501}, "threshold", (1, 1), "0.977252", 4.974e-13, 46
    ),
    "voting.py:approval": (CLINIC_SIZES, "noisy_max", (4, 1), "0.988568", 8.385e-13, 207),
    "voting.py:approval_exponential": (
        {"n": 100, "m": 100}, "exponential", (4, 1), "1", 8.455e-13, 43
    ),
    "breaches.py:total_losses": (CLINIC_SIZES, "laplace", (1000, 1000), "0.999306", 1.441e-14, 105),
    "private_linear.py:mean_score": (MODEL_SIZES, "laplace", (65536, 65536), "0.997315", 3.712e-14, 83),
    "private_linear.py:positives": (MODEL_SIZES, "laplace", (1, 1), "0.992854", 3.886e-14, 52),
}  # fmt: skip
"""Per program: sizes, its mechanism, how far a record moves what it is applied to (raw units: in all, and any
one element), epsilon and delta rounded up, and random bits."""


def for_privacy() -> dict[str, int]:
    """ANDs of the mechanism, by docs/circuits.md."""
    text = (CIRCUITS.parent / "docs" / "circuits.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\S+)` \| [^|]+\| [\d,]+ \| ([\d,]+) \|", text, re.MULTILINE)
    return {name: int(ands.replace(",", "")) for name, ands in rows if name in GOLDEN}


@pytest.mark.parametrize("target", GOLDEN)
def test_certificates(target: str) -> None:
    statics, mechanism, moves, epsilon, delta, random_bits = GOLDEN[target]
    certificate = dp.certify(load_program(f"{CIRCUITS}/{target}"), **statics)
    (entry,) = certificate.entries
    assert (entry.mechanism, entry.moves, entry.times) == (mechanism, moves, 1)
    assert certificate.guarantee == entry.guarantee
    assert certificate.relation == "replace one record"
    assert float(epsilon) * (1 - 1e-5) <= log(certificate.guarantee.ratio) <= float(epsilon)
    assert delta * 0.999 <= certificate.guarantee.delta <= delta
    assert (entry.and_count, entry.random_bits) == (for_privacy()[target], random_bits)


COSTS = (Path(__file__).resolve().parents[2] / "docs" / "differential-privacy.md").read_text(encoding="utf-8")
COST_ROW = re.compile(
    r"^\| (laplace|histogram|gaussian|randomized response)(?:, ([^|]*))? \| ([^|]*) \|"
    r" (\d+) \| (\d+) \| ([\d.,]*) ?\| ?([^|]*?) ?\|$",
    re.MULTILINE,
)


def planned(kind: str, terms: str, epsilon: Epsilon) -> Sampler:
    """The sampler of a row of the page's table of costs."""
    if kind == "randomized response":
        return Flip(flip_coin(epsilon))
    if kind == "histogram":
        return plan_laplace(epsilon, DEFAULT_DELTA, 2, vector=True).sampler
    sensitivity = int(re.findall(r"sensitivity (\d+)", terms)[0])
    if kind == "gaussian":
        return plan_gaussian(epsilon, Fraction(1, 10**6), sensitivity).sampler
    return plan_laplace(epsilon, DEFAULT_DELTA, sensitivity).sampler


@pytest.mark.parametrize("row", COST_ROW.findall(COSTS), ids=lambda row: " ".join(row[:3]))
def test_the_costs_on_the_privacy_page(row: tuple[str, ...]) -> None:
    kind, terms, epsilon, and_count, random_bits, std, interval = row
    sampler = planned(kind, terms, epsilon_of(epsilon))
    assert (sampler.and_count, sampler.random_bits) == (int(and_count), int(random_bits))
    if std:
        law = sampler.law()
        shown = float(std.replace(",", ""))
        assert float(law.variance) ** 0.5 == pytest.approx(shown, rel=4e-3)
        assert str(list(law.interval())) == interval


def test_the_table_of_costs_is_read() -> None:
    assert len(COST_ROW.findall(COSTS)) == 17


first, second = parties("first", "second")


@circuit
def median_of_1000(values: Array[UInt[10], 1000] @ first, _: Bool @ second) -> UInt[10] @ Both:
    return dp.median(values, 1, bounds=(0, 1000))


@circuit
def first_of_100(values: Array[UInt[16], 100] @ first, _: Bool @ second) -> UInt[7] @ Both:
    return dp.sparse_vector(values, 1000, 1, sensitivity=1)


@circuit
def best_of_10(values: Array[UInt[8], 10] @ first, _: Bool @ second) -> UInt[4] @ Both:
    return dp.noisy_max(values, 1, sensitivity=1)


@circuit
def likely_of_10(values: Array[UInt[8], 10] @ first, _: Bool @ second) -> UInt[4] @ Both:
    return dp.exponential(values, 1, sensitivity=1)


@circuit
def best_of_4096(values: Array[UInt[16], 4096] @ first, _: Bool @ second) -> UInt[12] @ Both:
    return dp.noisy_max(values, "2*ln(2)", sensitivity=1)


@pytest.mark.parametrize(
    ("program", "and_count"),
    [
        (median_of_1000, 547_037),
        (first_of_100, 10_267),
        (best_of_10, 824),
        (likely_of_10, 15_910),
        (best_of_4096, 450_487),
    ],
)
def test_other_counts_on_the_privacy_page(program: Program, and_count: int) -> None:
    assert program.stats()["and_gates"] == and_count
    assert f"{and_count:,}" in COSTS


def test_a_model_gets_no_guarantee() -> None:
    certificate = dp.certify(load_program(f"{CIRCUITS}/private_linear.py:positives"), n=5, k=2)
    assert certificate.protects == ("records",)


def test_a_real_run() -> None:
    program = load_program(f"{CIRCUITS}/breaches.py:total_losses")
    outputs = run_local(program, a=[120, 90, 190], b=[5, 999]).outputs
    assert outputs["north"] == outputs["south"]
    noise = dp.certify(program, n=3, m=2).entries[0].laws[0]
    assert noise.lowest <= outputs["north"] - 1404 <= noise.highest


def test_an_epsilon_that_is_none() -> None:
    program = load_program(f"{CIRCUITS}/breaches.py:total_losses")
    with pytest.raises(CompileError, match="epsilon"):
        program.compile(n=3, m=2, epsilon="0")
