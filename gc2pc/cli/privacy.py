"""`gc2pc dp`, and what `gc2pc stats` says of a circuit that lets something out through mechanisms."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

import click

from gc2pc.cli import output
from gc2pc.cli.commands import TARGET_HELP, common, json_option, load
from gc2pc.errors import CompileError, InputError

if TYPE_CHECKING:
    from rich.table import Table

    from gc2pc.dp.certificate import Certificate, Entry
    from gc2pc.dp.guarantee import Guarantee
    from gc2pc.dp.law import Law
    from gc2pc.lang.program import Program

COLUMNS: Final = 80
"""Where text is broken: a table that fits here fits everywhere."""

LABEL: Final = 18
"""Columns of what a line is about."""

LONGEST_FRACTION: Final = 56
"""Characters of a fraction that are still shown to people; --json has all of it."""

TIGHT_DELTAS: Final = ("1e-9", "1e-6")
"""What --tight gives an epsilon for, beside the delta of basic composition itself."""

KNOWN_FACTS: Final = frozenset({"guarantee", "sensitivity"})
"""Facts of a mechanism that have lines of their own."""


@click.command(epilog=TARGET_HELP)
@click.argument("target")
@click.argument("statics", nargs=-1, metavar="[NAME=VALUE]...")
@click.option(
    "--batch", type=click.IntRange(min=1), default=1, metavar="M", help="What M input sets at once cost."
)
@click.option(
    "--plot", type=click.Path(dir_okay=False), metavar="FILE.svg", help="Draw each mechanism's noise."
)
@click.option(
    "--tight",
    type=click.IntRange(1, 100_000),
    metavar="RUNS",
    help="A smaller epsilon for so many runs together, in floating point. No ledger admits a run by it.",
)
@json_option
@common
def dp(
    target: str, statics: tuple[str, ...], batch: int, plot: str | None, tight: int | None, as_json: bool
) -> None:
    """Show a circuit's privacy certificate.

    What one run lets out about one record, exactly: each mechanism with its sensitivity, its noise and its
    cost, and the total. A circuit has a certificate only if all that leaves it goes through mechanisms.

    \b
      gc2pc dp circuits/breaches.py:total_losses n=100 m=50
      gc2pc dp circuits/breaches.py:total_losses n=100 m=50 --plot noise.svg
    """
    from gc2pc.dp.certificate import certify

    program, given = load(target, statics)
    certificate = certify(program, **given)
    figures = None if tight is None else _tight(certificate, tight)
    if plot is not None:
        from gc2pc.cli.plot import save_svg

        save_svg(certificate, Path(plot))
    if as_json:
        output.print_json(as_plain(certificate, batch, figures))
        return
    _print_head(certificate, batch)
    if certificate.entries:
        sys.stdout.write("\n")
        output.console().print(_table(certificate))
    for number, entry in enumerate(certificate.entries, 1):
        _print_entry(number, entry)
    if figures is not None:
        _print_tight(figures)


def as_plain(certificate: Certificate, batch: int, tight: dict[str, Any] | None) -> dict[str, Any]:
    """The certificate for programs: exact fractions as text, readable decimals and exact laws beside."""
    shown = certificate.to_json()
    for place, entry in zip(shown["mechanisms"], certificate.entries, strict=True):
        place |= _readable(entry.guarantee)
        for noise, law in zip(place["noise"], entry.laws, strict=True):
            noise["pmf"] = {
                "low": str(law.low),
                "weights": [str(weight) for weight in law.weights],
                "bits": law.bits,
                "uniform_bits": law.uniform,
            }
    shown |= _readable(certificate.guarantee) | {"hash": certificate.hash.hex()}
    if batch > 1:
        whole = certificate.for_batch(batch)
        exact = {"ratio": str(whole.ratio), "epsilon": _epsilon(whole), "delta_dp": str(whole.delta)}
        shown["batch"] = {"input_sets": batch, **exact, **_readable(whole)}
    return shown if tight is None else shown | {"tight": tight}


def _readable(guarantee: Guarantee) -> dict[str, str]:
    return {"delta_dp_decimal": upper(guarantee.delta)}


def _tight(certificate: Certificate, runs: int) -> dict[str, Any]:
    """Epsilons for so many runs, at some deltas: by privacy-loss distributions, and by basic composition."""
    from gc2pc.dp.tight import basic_epsilon, tight_epsilons

    own = certificate.guarantee.delta * runs
    if own >= 1:
        raise InputError(f"delta_dp of {runs:,} runs is 1 or more: nothing holds for so many")
    deltas = sorted(delta for delta in {own, *map(Fraction, TIGHT_DELTAS)} if delta >= own and delta > 0)
    rows = [
        {
            "delta_dp": upper(delta),
            "epsilon": _finite(epsilon),
            "basic_epsilon": _finite(basic_epsilon(certificate, runs, delta)),
        }
        for delta, epsilon in zip(deltas, tight_epsilons(certificate, runs, deltas), strict=True)
    ]
    return {"runs": runs, "floating_point": True, "rows": rows}


def _finite(epsilon: float) -> str:
    return upper(Fraction(epsilon), digits=6)


# -- for people ---------------------------------------------------------------------------------------


def _print_head(certificate: Certificate, batch: int) -> None:
    total = certificate.guarantee
    many = certificate.for_batch(batch)
    _print_lines(
        ("circuit", f"{certificate.circuit}, digest {certificate.digest[:16]}"),
        ("neighbours", certificate.relation),
        ("protected", ", ".join(certificate.protects) or "nothing"),
        ("one run", _amounts(total)),
        ("", f"R = e^epsilon = {_fraction(total.ratio)}"),
        ("", f"delta_dp = {_fraction(total.delta)}"),
        (
            f"batch of {batch:,}" if batch > 1 else "batch of m",
            _amounts(many)
            if batch > 1
            else "m times epsilon, m times delta_dp: all may hold the same record",
        ),
    )
    if not certificate.entries:
        sys.stdout.write("No mechanism: nothing that leaves the circuit depends on a protected input.\n")


def _table(certificate: Certificate) -> Table:
    """One line a mechanism."""
    table = output.table()
    for heading in ("", "mechanism", "where", "epsilon", "delta_dp", "std", "ANDs", "random bits"):
        table.add_column(heading, justify="left" if heading in {"", "mechanism", "where"} else "right")
    for number, entry in enumerate(certificate.entries, 1):
        table.add_row(
            str(number),
            _title(entry),
            entry.where,
            _epsilon(entry.guarantee),
            upper(entry.guarantee.delta),
            _rounded(max(Decimal(law.to_json()["std"]) for law in entry.laws)),
            f"{entry.and_count:,}",
            f"{entry.random_bits:,}",
        )
    return table


def _title(entry: Entry) -> str:
    return entry.mechanism.replace("_", " ") + (f" x {entry.times:,}" if entry.times > 1 else "")


def _print_entry(number: int, entry: Entry) -> None:
    times = "" if entry.times == 1 else f", {entry.times:,} times a run"
    sys.stdout.write(f"\n{number}. {entry.mechanism.replace('_', ' ')} at {entry.where}{times}\n")
    _print_lines(
        ("sensitivity", _sensitivity(entry)),
        ("guarantee", _amounts(entry.guarantee)),
        ("", f"R = {_fraction(entry.guarantee.ratio)}"),
        ("", f"delta_dp = {_fraction(entry.guarantee.delta)}"),
        *((name, value) for name, value in entry.facts if name not in KNOWN_FACTS),
        *(line for law in entry.laws for line in _law_lines(law)),
        ("samples", f"{entry.samples:,}"),
        ("ANDs of one pass", f"{entry.and_count:,}"),
        ("random bits", f"{entry.random_bits:,} joint bits in one pass"),
    )


def _sensitivity(entry: Entry) -> str:
    """How far one record moves the query, in smallest units, and who says so."""
    if entry.moves is None:
        return entry.sensitivity
    total, most = entry.moves
    vector = "" if total == most else f" in all, {_integer(most)} in one element"
    return f"{_integer(total)}{vector}; {entry.sensitivity}"


def _law_lines(law: Law) -> Iterator[tuple[str, str]]:
    """What one sample is like, in the smallest units of the value it is added to."""
    low, high = law.interval()
    yield "one sample", f"from {_integer(law.lowest)} to {_integer(law.highest)}"
    yield "mean", _fraction(law.mean)
    yield "std", law.to_json()["std"]
    yield "95 % within", f"[{_integer(low)}, {_integer(high)}]"


def _print_tight(figures: dict[str, Any]) -> None:
    sys.stdout.write(f"\n{figures['runs']:,} runs together, by privacy-loss distributions (floating point)\n")
    table = output.table()
    for heading in ("delta_dp", "epsilon", "basic composition"):
        table.add_column(heading, justify="right")
    for row in figures["rows"]:
        table.add_row(row["delta_dp"], row["epsilon"], row["basic_epsilon"])
    output.console().print(table)
    sys.stdout.write("Ledgers charge basic composition's figure, which is exact.\n")


def _print_lines(*lines: tuple[str, str]) -> None:
    """`label  text`, the text broken at 80 columns."""
    for label, text in lines:
        for i, part in enumerate(wrap(text, COLUMNS - LABEL, break_on_hyphens=False) or [""]):
            sys.stdout.write(f"{label if i == 0 else '':<{LABEL - 1}} {part}\n")


def _amounts(guarantee: Guarantee) -> str:
    return f"epsilon {_epsilon(guarantee)}, delta_dp {upper(guarantee.delta)} (rounded up)"


def _epsilon(guarantee: Guarantee) -> str:
    from gc2pc.dp.amounts import shown_epsilon

    return shown_epsilon(guarantee.ratio)


def _fraction(value: Fraction) -> str:
    text = str(value)
    return text if len(text) <= LONGEST_FRACTION else f"a fraction of {len(text):,} characters (see --json)"


def _integer(value: int) -> str:
    return f"{value:,}" if abs(value) < 10**15 else f"{value:.4e}"


def upper(value: Fraction, digits: int = 3) -> str:
    """A decimal of so many digits that is not below `value`."""
    if value == 0:
        return "0"
    context = Context(prec=digits, rounding=ROUND_CEILING)
    shown = context.divide(Decimal(value.numerator), Decimal(value.denominator)).normalize()
    return f"{shown:f}" if 1e-4 <= value < 10**9 else f"{shown:.{digits - 1}e}"


def _rounded(std: Decimal) -> str:
    """Four digits are enough in a table."""
    return f"{std:,.0f}" if std >= 1000 else f"{std:.4g}"


# -- gc2pc stats --------------------------------------------------------------------------------------


def summary(program: Program, given: dict[str, Any]) -> dict[str, Any] | None:
    """What `gc2pc stats` says of a circuit's mechanisms; None if it has none."""
    if not program.compile(**given).releases:
        return None
    from gc2pc.dp.certificate import certify

    try:
        certificate = certify(program, **given)
    except CompileError as error:
        return {"certificate": False, "reason": error.message}
    total = certificate.guarantee
    return {
        "certificate": True,
        "relation": certificate.relation,
        "protects": list(certificate.protects),
        "ratio": str(total.ratio),
        "epsilon": certificate.epsilon,
        "delta_dp": str(total.delta),
        **_readable(total),
        "mechanisms": [f"{_title(entry)} at {entry.where}" for entry in certificate.entries],
    }
