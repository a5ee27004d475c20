"""`gc2pc budget`: make a ledger, show what is left of it, check it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gc2pc.cli import output
from gc2pc.cli.commands import common, json_option
from gc2pc.errors import InputError

if TYPE_CHECKING:
    from gc2pc.session.ledger_audit import Audit

DEFAULT_DELTA: Final = "1e-9"
"""Room for a thousand mechanisms of the default delta_dp, 2^-40."""

RELATIONS: Final = ("replace", "add/remove")

file_argument = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.group()
@common
def budget() -> None:
    """Keep account of what a dataset's answers have given away.

    A ledger is a file with the privacy budget of one dataset and a line for every run that was charged to it.
    Each party keeps ledgers for its own data only. A run that would go beyond the budget does not take place,
    on either side; a run that has begun is charged, and nothing is ever paid back.

    \b
      gc2pc budget create census.ledger --epsilon 1
      gc2pc run poll.py:answer --party town --connect HOST:PORT --ledger census.ledger votes=@votes.csv
      gc2pc budget show census.ledger
    """


@budget.command(short_help="Make the ledger of a dataset.")
@file_argument
@click.option("--epsilon", required=True, metavar="E", help='All that may be spent: 1, 1/2, 0.1, "ln(3)".')
@click.option(
    "--delta-dp",
    default=DEFAULT_DELTA,
    show_default=True,
    metavar="D",
    help="The chance that the promise fails altogether: 0, 1e-9, 2^-40. Far below 1 / number of people.",
)
@click.option(
    "--relation",
    type=click.Choice(RELATIONS),
    default=RELATIONS[0],
    show_default=True,
    help="What is hidden: the values of one record, or whether it is there at all.",
)
@click.option("--dataset", metavar="NAME", help="Whose records these are; the file's name by default.")
@common
def create(file: Path, epsilon: str, delta_dp: str, relation: str, dataset: str | None) -> None:
    """Make a ledger, once for a dataset.

    One record makes no set of answers more likely, or less, than by the factor e^EPSILON, all answers
    together: 0.1 is strict, 1 usual, above 5 little is left of the promise. A query that is certified with
    epsilon 1/10 fits ten times into a budget of 1. The budget cannot be changed later; copies of the data
    share one ledger.

    \b
      gc2pc budget create census.ledger --epsilon 1
      gc2pc budget create visits.ledger --epsilon "ln(3)" --delta-dp 0 --relation add/remove
    """
    from gc2pc.session.ledger import Ledger

    name = file.stem if dataset is None else dataset
    made = Ledger.create(file, dataset=name, epsilon=epsilon, delta_dp=delta_dp, relation=relation)
    terms = made.terms
    output.note(
        f"{file}: epsilon {terms.epsilon} and delta_dp {terms.delta} for {terms.dataset!r}, "
        f"whose neighbours {terms.relation}"
    )


@budget.command(short_help="Show what is spent and left.")
@file_argument
@json_option
@common
def show(file: Path, as_json: bool) -> None:
    """Show what is spent, what is left, and the last runs.

    \b
      gc2pc budget show census.ledger
    """
    from gc2pc.session.ledger import Ledger
    from gc2pc.session.ledger_audit import audit

    Ledger(file)  # refuses a damaged one
    found = audit(file)
    if as_json:
        output.print_json(found.to_json())
        return
    _print_balance(found)
    _print_charges(found, last=10)


@budget.command(name="audit", short_help="Check every line of a ledger.")
@file_argument
@json_option
@common
def audit_command(file: Path, as_json: bool) -> None:
    """Check every line: its hash, its place in the chain, the budget.

    Lists all charges, with the hash of the peer's own entry for the same run: two parties who compare these
    find out if either has rewritten its ledger. Writes that a crash cut off are listed too; they cost
    nothing. Exit code 2 if anything is wrong.

    \b
      gc2pc budget audit census.ledger --json
    """
    from gc2pc.session.ledger_audit import audit

    found = audit(file)
    if as_json:
        output.print_json(found.to_json())
    else:
        if found.terms is not None:
            _print_balance(found)
        _print_charges(found, last=None)
        _print_accidents(found)
        if not found.problems:
            sys.stdout.write(f"{found.lines} lines, every one as it was written\n")
    if found.problems:
        more = f" (and {len(found.problems) - 1} more)" if len(found.problems) > 1 else ""
        line, text = found.problems[0]
        raise InputError(f"{file}:{line}: {text}{more}")


def _print_balance(found: Audit) -> None:
    shown = found.to_json()
    terms, spent, left = shown["terms"], shown["spent"], shown["remaining"]
    rows = [
        ("dataset", terms["dataset"]),
        ("neighbours", terms["relation"]),
        ("budget", f"epsilon {terms['epsilon']}, delta_dp {left['budget_delta_dp']}"),
        ("spent", f"epsilon {spent['epsilon']}, delta_dp {spent['delta_dp_decimal']} (rounded up)"),
        ("left", f"epsilon {left['epsilon']}, delta_dp {left['delta_dp_decimal']} (rounded down)"),
        ("charges", f"{len(found.charges):,}"),
    ]
    sys.stdout.write("".join(f"{label:<12}{text}\n" for label, text in rows))


def _print_charges(found: Audit, *, last: int | None) -> None:
    charges: list[dict[str, Any]] = found.to_json()["charges"]
    chosen = charges if last is None else charges[-last:]
    if not chosen:
        return
    table = output.table()
    for heading in ("line", "time", "circuit", "input sets", "epsilon", "delta_dp", "peer", "peer's entry"):
        table.add_column(heading, justify="right" if heading in {"line", "input sets"} else "left")
    for charge in chosen:
        table.add_row(
            str(charge["line"]),
            charge["time"][:19].replace("T", " "),
            charge["circuit"],
            f"{charge['batch']:,}",
            charge["epsilon"],
            charge["delta_dp_decimal"],
            charge["peer"],
            (charge["peer_entry"] or "none")[:12],
        )
    sys.stdout.write("\n")
    output.console().print(table)
    sys.stdout.write("\n")


def _print_accidents(found: Audit) -> None:
    for line, record in found.set_aside:
        sys.stdout.write(
            f"line {line}: {record['bytes']} bytes of a write that was cut off, set aside {record['time']}\n"
        )
    if found.tail:
        sys.stdout.write(
            f"at the end: {found.tail} bytes of a write that was cut off; the next charge sets them aside\n"
        )
    for line, text in found.problems:
        sys.stdout.write(f"line {line}: {text}\n")
