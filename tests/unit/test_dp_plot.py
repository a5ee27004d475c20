"""The figure of a certificate: it draws the exact law, and the same certificate gives the same file."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from math import log
from pathlib import Path

import numpy as np
import pytest

from gc2pc.cli.plot import Curves, curves, save_svg
from gc2pc.dp.amounts import DEFAULT_DELTA, epsilon_of
from gc2pc.dp.certificate import Certificate, Entry
from gc2pc.dp.guarantee import NOTHING
from gc2pc.dp.law import Law
from gc2pc.dp.plan_laplace import LaplacePlan, plan_laplace
from gc2pc.errors import InputError

matplotlib = pytest.importorskip("matplotlib", reason="needs matplotlib, the extra [plot]")


def entry(plan: LaplacePlan, moved: int, **changes: object) -> Entry:
    plain = Entry(
        mechanism="laplace",
        where="poll.py:12",
        times=1,
        sensitivity="derived: count",
        moves=(moved, moved),
        guarantee=plan.guarantee,
        laws=(plan.sampler.law(),),
        samples=1,
        and_count=plan.sampler.and_count,
        random_bits=plan.sampler.random_bits,
        facts=(),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def certificate(*entries: Entry) -> Certificate:
    total = NOTHING
    for one in entries:
        total = total.then(one.guarantee)
    return Certificate("poll", "00", "replace one record", ("votes",), entries, total)


COUNT = plan_laplace(epsilon_of(1), DEFAULT_DELTA, 1)
WIDE = plan_laplace(epsilon_of("0.1"), DEFAULT_DELTA, 100)
PURE = plan_laplace(epsilon_of("1/2"), Fraction(0), 20, span=20)


def heights(shown: Curves, value: int) -> tuple[float, float]:
    """Where both curves are at one value."""
    place = int(np.searchsorted(shown.edges, value)) - 1
    return float(shown.here[place]), float(shown.there[place])


@pytest.mark.parametrize(("plan", "moved"), [(COUNT, 1), (WIDE, 100), (COUNT, 3)])
def test_both_curves_are_the_exact_law(plan: LaplacePlan, moved: int):
    law = plan.sampler.law()
    shown = curves(entry(plan, moved), law)
    low, high = law.interval(Fraction(999, 1000))
    assert shown.edges[0] <= low
    assert shown.edges[-1] >= high + moved
    for value in range(low, high + moved + 1, max(1, (high - low) // 300)):
        assert heights(shown, value) == (float(law.probability(value)), float(law.probability(value - moved)))


def test_a_plateau_is_one_step():
    law = WIDE.sampler.law()
    assert law.uniform > 0
    shown = curves(entry(WIDE, 1 << law.uniform), law)
    assert set(np.diff(shown.edges)[1:-1]) == {1 << law.uniform}


def test_the_loss_keeps_to_epsilon_where_values_are_held():
    held = entry(PURE, 255, facts=(("output range", "[3, 23] raw"),))
    shown = curves(held, PURE.sampler.law())
    assert (shown.edges[0], shown.edges[-1]) == (2.5, 23.5)
    for law in (shown.here, shown.there):
        assert float(np.sum(law * np.diff(shown.edges))) == pytest.approx(1, abs=1e-12)
    losses = np.abs(np.log(shown.here / shown.there))
    assert float(np.max(losses)) == pytest.approx(log(PURE.guarantee.ratio), abs=1e-12)


def test_a_flipped_bit_has_the_other_bit_beside_it():
    flip = Law(0, (3, 1), 2)
    shown = curves(entry(COUNT, 1, mechanism="randomized_response", laws=(flip,)), flip)
    assert shown.here.tolist() == [0.75, 0.25]
    assert shown.there.tolist() == [0.25, 0.75]


def test_the_noise_of_a_selection_is_drawn_alone():
    shown = curves(entry(COUNT, 1, mechanism="noisy_max"), COUNT.sampler.law())
    assert shown.move is None


def test_the_figure_says_what_it_shows(tmp_path: Path):
    path = tmp_path / "noise.svg"
    save_svg(certificate(entry(COUNT, 1), entry(WIDE, 100, where="poll.py:13", times=4)), path)
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", path.read_text(encoding="utf-8"))
    for text in (
        "laplace at poll.py:12",
        "laplace at poll.py:13",
        "P': a neighbour, the query 1 larger",
        "P': a neighbour, the query 100 larger",
        "probability of one value",
        "ln(P / P')",
        "within ±epsilon = 0.992854, but for delta_dp = 3.89e-14",
    ):
        assert text in texts, texts
    assert texts.count("noise, in the query's smallest unit (the likely 99.9 %)") == 2
    assert any(" / 4 passes" in text for text in texts)


def test_the_same_certificate_gives_the_same_bytes(tmp_path: Path):
    both = certificate(entry(COUNT, 1), entry(COUNT, 1, mechanism="noisy_max"))
    save_svg(both, tmp_path / "a.svg")
    save_svg(both, tmp_path / "b.svg")
    first = (tmp_path / "a.svg").read_bytes()
    assert first == (tmp_path / "b.svg").read_bytes()
    assert b"<dc:date>" not in first


def test_drawing_leaves_matplotlibs_settings_alone(tmp_path: Path):
    before = dict(matplotlib.rcParams)
    save_svg(certificate(entry(COUNT, 1)), tmp_path / "noise.svg")
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    ("entries", "name", "message"),
    [
        ([entry(COUNT, 1)], "noise.png", "the ending must be .svg"),
        ([], "noise.svg", "no mechanism to draw"),
        ([entry(COUNT, 1)], "missing/noise.svg", "No such file or directory"),
    ],
)
def test_what_cannot_be_drawn_is_said(tmp_path: Path, entries: list[Entry], name: str, message: str):
    with pytest.raises(InputError, match=message):
        save_svg(certificate(*entries), tmp_path / name)
    assert list(tmp_path.iterdir()) == []
