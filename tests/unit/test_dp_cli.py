"""`gc2pc dp` and the privacy section of `gc2pc stats`."""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from math import log
from pathlib import Path
from typing import Any

import pytest

from gc2pc.cli.main import run
from gc2pc.cli.privacy import COLUMNS, upper

PROGRAM = """\
from gc2pc import Array, Bool, Both, Int, UInt, circuit, dp, parties, repeat
town, county = parties("town", "county")

@circuit
def turnout(votes: Array[Bool, 60] @ town, _: Bool @ county) -> Int[16] @ Both:
    return dp.laplace(dp.count(votes), epsilon=1).to(Int[16])

@circuit
def two(a: Array[UInt[8], 20] @ town, b: UInt[32] @ county) -> tuple[Int[32] @ Both, Int[64] @ Both]:
    total = dp.laplace(dp.sum(a, bounds=(0, 200)), epsilon="0.1")
    return total.to(Int[32]), dp.laplace(b, epsilon=2, sensitivity=1000).to(Int[64])

@circuit
def looped(votes: Array[Bool, 20] @ town, _: Bool @ county) -> Int[32] @ Both:
    count = dp.count(votes)
    def body(total, _):
        return total + dp.laplace(count, epsilon="0.1").to(Int[32]), None
    return repeat(10, body, Int[32](0))[0]

@circuit
def leak(votes: Array[UInt[8], 20] @ town, factor: UInt[8] @ county) -> tuple[Int[32] @ Both, UInt[8] @ Both]:
    return dp.laplace(dp.sum(votes), epsilon=1).to(Int[32]), votes[0] * factor

@circuit(private=dp.private(of="factor"))
def unprotected(votes: Array[UInt[8], 20] @ town, factor: UInt[8] @ county) -> UInt[8] @ Both:
    return votes[0]

@circuit
def exact(a: UInt[8] @ town, b: UInt[8] @ county) -> Bool @ Both:
    return a > b
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dp") / "poll.py"
    path.write_text(PROGRAM)
    return path


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code = run(list(arguments))
    captured = capsys.readouterr()
    assert (code, captured.err) == (0, "")
    return captured.out


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    found = json.loads(shown(capsys, *arguments, "--json"))
    assert isinstance(found, dict)
    return found


def lines_of(text: str) -> dict[str, str]:
    """`label  text` lines, the first of each label."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        found.setdefault(line[:18].strip(), line[18:])
    return found


def test_it_states_everything_a_certificate_says(file: Path, capsys: pytest.CaptureFixture[str]):
    text = shown(capsys, "dp", f"{file}:turnout")
    lines = lines_of(text)
    assert lines["neighbours"] == "replace one record"
    assert lines["protected"] == "votes, _"
    assert lines["one run"] == "epsilon 0.992854, delta_dp 3.89e-14 (rounded up)"
    assert "R = e^epsilon = 251/93\n" in text
    assert "delta_dp = 175/4503599627370496\n" in text
    assert "1. laplace at poll.py:6\n" in text
    assert lines["sensitivity"] == "1; derived: count"
    assert lines["low coins"] == "35/2^7 1/2^3 5/2^8"
    assert lines["one sample"] == "from -32 to 31"
    assert (lines["mean"], lines["std"], lines["95 % within"]) == ("-1/2", "1.4818", "[-4, 3]")
    assert lines["random bits"] == "52 joint bits in one pass"
    assert int(lines["ANDs of one pass"]) >= 47


@pytest.mark.parametrize("name", ["turnout", "two", "looped"])
def test_it_fits_eighty_columns(file: Path, capsys: pytest.CaptureFixture[str], name: str):
    text = shown(capsys, "dp", f"{file}:{name}")
    assert max(map(len, text.splitlines())) <= COLUMNS


def test_an_asserted_sensitivity_is_named(file: Path, capsys: pytest.CaptureFixture[str]):
    text = shown(capsys, "dp", f"{file}:two")
    assert "1,000; asserted at poll.py:11\n" in text
    assert "200; derived: sum of values in [0, 200]\n" in text


def test_json_holds_exact_fractions_and_laws(file: Path, capsys: pytest.CaptureFixture[str]):
    found = answer(capsys, "dp", f"{file}:two")
    ratio, delta = Fraction(1), Fraction(0)
    for mechanism in found["mechanisms"]:
        ratio, delta = ratio * Fraction(mechanism["ratio"]), delta + Fraction(mechanism["delta_dp"])
        [noise] = mechanism["noise"]
        weights = list(map(int, noise["pmf"]["weights"]))
        assert sum(weights) == 1 << noise["pmf"]["bits"]
        values = range(int(noise["pmf"]["low"]), int(noise["pmf"]["low"]) + len(weights))
        plateau = 1 << noise["pmf"]["uniform_bits"]
        mean = Fraction(sum(map(int.__mul__, values, weights)), sum(weights)) * plateau + Fraction(
            plateau - 1, 2
        )
        assert Fraction(noise["mean"]) == mean
    # Sums of long fractions are rounded up.
    assert 0 <= Fraction(found["ratio"]) - ratio < ratio / 2**1000
    assert 0 <= Fraction(found["delta_dp"]) - delta < delta / 2**1000
    assert 0 <= float(found["epsilon"]) - log(ratio) < 1e-5
    assert Fraction(found["delta_dp_decimal"]) >= delta
    assert [mechanism["moves"] for mechanism in found["mechanisms"]] == [["200", "200"], ["1000", "1000"]]
    assert len(bytes.fromhex(found["hash"])) == 32


def test_passes_of_a_loop_add_up(file: Path, capsys: pytest.CaptureFixture[str]):
    found = answer(capsys, "dp", f"{file}:looped")
    [mechanism] = found["mechanisms"]
    assert (mechanism["times"], found["ratio"]) == (10, mechanism["ratio"])
    text = shown(capsys, "dp", f"{file}:looped")
    assert "laplace x 10" in text
    assert ", 10 times a run\n" in text


def test_a_batch_costs_as_many_runs(file: Path, capsys: pytest.CaptureFixture[str]):
    found = answer(capsys, "dp", f"{file}:turnout", "--batch", "7")
    assert found["batch"]["input_sets"] == 7
    assert Fraction(found["batch"]["ratio"]) == Fraction(found["ratio"]) ** 7
    assert Fraction(found["batch"]["delta_dp"]) == 7 * Fraction(found["delta_dp"])
    text = shown(capsys, "dp", f"{file}:turnout", "--batch", "7")
    assert lines_of(text)["batch of 7"] == "epsilon 6.94998, delta_dp 2.73e-13 (rounded up)"


def test_without_a_certificate_the_output_and_the_path_are_named(
    file: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(["dp", f"{file}:leak"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "the output 'result.1'" in captured.err
    assert "'votes'" in captured.err or "'factor'" in captured.err
    assert "past the mechanisms" in captured.err


def test_nothing_protected_needs_no_mechanism(file: Path, capsys: pytest.CaptureFixture[str]):
    text = shown(capsys, "dp", f"{file}:unprotected")
    assert lines_of(text)["one run"] == "epsilon 0, delta_dp 0 (rounded up)"
    assert "No mechanism" in text


@pytest.mark.parametrize(
    ("option", "package", "extra"),
    [("--plot=noise.svg", "matplotlib", "plot"), ("--tight=3", "dp_accounting", "accounting")],
)
def test_a_missing_extra_is_named(
    file: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    option: str,
    package: str,
    extra: str,
):
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    assert run(["dp", f"{file}:turnout", option]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert f"pip install 'gc2pc[{extra}]'" in captured.err


def test_tight_figures_stand_beside_the_exact_ones(file: Path, capsys: pytest.CaptureFixture[str]):
    pytest.importorskip("dp_accounting", reason="needs dp-accounting, the extra [accounting]")
    found = answer(capsys, "dp", f"{file}:turnout", "--tight", "100")["tight"]
    assert (found["runs"], found["floating_point"]) == (100, True)
    basic = {row["basic_epsilon"] for row in found["rows"]}
    assert basic == {"99.2854"}
    tight = [float(row["epsilon"]) for row in found["rows"]]
    assert tight == sorted(tight, reverse=True)
    assert tight[-1] < 64
    text = shown(capsys, "dp", f"{file}:turnout", "--tight", "100")
    assert "100 runs together" in text
    assert "Ledgers charge basic composition's figure" in text


def test_stats_has_a_privacy_section_where_something_is_released(
    file: Path, capsys: pytest.CaptureFixture[str]
):
    text = shown(capsys, "stats", f"{file}:two")
    assert "\nprivacy of one run\n" in text
    assert "laplace at poll.py:10\n" in text
    found = answer(capsys, "stats", f"{file}:two")["privacy"]
    assert found["certificate"] is True
    assert found["ratio"] == answer(capsys, "dp", f"{file}:two")["ratio"]
    assert "privacy" not in answer(capsys, "stats", f"{file}:exact")
    assert "privacy" not in shown(capsys, "stats", f"{file}:exact")


def test_stats_says_why_there_is_no_certificate(file: Path, capsys: pytest.CaptureFixture[str]):
    found = answer(capsys, "stats", f"{file}:leak")["privacy"]
    assert found["certificate"] is False
    assert "past the mechanisms" in found["reason"]
    assert "no certificate" in shown(capsys, "stats", f"{file}:leak")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(0), "0"),
        (Fraction(1, 1 << 40), "9.10e-13"),
        (Fraction(1, 3), "0.334"),
        (Fraction(1, 2), "0.5"),
        (Fraction(10**30 + 1, 10**30), "1.01"),
        (Fraction(1, 10**6), "1.00e-6"),
    ],
)
def test_decimals_are_never_too_small(value: Fraction, text: str):
    assert upper(value) == text
    assert Fraction(text) >= value
