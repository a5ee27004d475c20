"""Everything that can be said about a ledger file, wrong lines included: for `gc2pc budget show` and `audit`.

A wrong line is named and skipped; what follows is checked against what it says of itself, so that one
accident is one problem and not one a line.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gc2pc.dp.guarantee import NOTHING, Guarantee
from gc2pc.session.account import amounts_left, shown_cost, shown_delta, upper
from gc2pc.session.ledger import Balance, locked, read_from, split
from gc2pc.session.ledger_chain import Chain, Record, Terms, guarantee_of, unseal


@dataclass
class Audit:
    """What a ledger file says, and what is wrong with it.

    Attributes:
        terms: The budget; None if the first line is damaged.
        spent: All charges that can be read.
        charges: Their lines, each with its number in the file from 1.
        peers: The hash of the peer's own entry, by run.
        problems: Line and what is wrong with it.
        set_aside: Notes of writes that a crash had cut off, with their line.
        tail: Bytes of such a write that stand at the end now; the next charge sets them aside.
        lines: Lines in the file.
    """

    terms: Terms | None = None
    spent: Guarantee = NOTHING
    charges: list[tuple[int, Record]] = field(default_factory=list)
    peers: dict[str, str] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)
    set_aside: list[tuple[int, Record]] = field(default_factory=list)
    tail: int = 0
    lines: int = 0

    def to_json(self) -> dict[str, Any]:
        """Exact amounts as fractions in text, decimals beside."""
        return {
            "terms": None if self.terms is None else self.terms.fields(),
            "spent": {"delta_dp": str(self.spent.delta), **_decimals(self.spent)},
            "remaining": None if self.terms is None else _left(self.terms, self.spent, len(self.charges)),
            "charges": [
                {"line": number, **record, **_decimals(guarantee_of(record), record["batch"])}
                | {"peer_entry": self.peers.get(record["run"])}
                for number, record in self.charges
            ],
            "problems": [{"line": number, "problem": text} for number, text in self.problems],
            "set_aside": [{"line": number, **record} for number, record in self.set_aside],
            "torn_bytes_at_the_end": self.tail,
        }


def audit(path: str | os.PathLike[str]) -> Audit:
    """Read a ledger file to its end, whatever is in it.

    Raises:
        InputError: It cannot be read at all, or others may write it.
    """
    with locked(Path(path), writing=False) as handle:
        lines, tail = split(read_from(handle, 0))
    found, chain = Audit(lines=len(lines), tail=len(tail)), Chain()
    for number, line in enumerate([*lines, *([tail] if _whole(tail) else [])], 1):
        for problem in _take(found, chain, number, line):
            found.problems.append((number, f"this line {problem}"))
    if found.tail and _whole(tail):
        found.lines, found.tail = found.lines + 1, 0
    found.terms, found.spent = chain.terms, chain.spent
    if chain.terms is None:
        found.problems.append((1, "the file has no terms: it is no ledger"))
    elif not found.spent.within(chain.terms.epsilon, chain.terms.delta):
        found.problems.append((found.lines, "more is spent than the budget"))
    return found


def _take(found: Audit, chain: Chain, number: int, line: bytes) -> Iterator[str]:
    """Note one line; gives what is wrong with it."""
    try:
        record = unseal(line)
    except ValueError as error:
        chain.length, chain.last = chain.length + 1, ""  # the next line says what it follows
        yield str(error)
        return
    try:
        if chain.last:
            chain.check_place(record)
    except ValueError as error:
        yield str(error)
    chain.length, chain.last = record["index"] + 1, record["hash"]
    try:
        chain.count(record)
    except ValueError as error:
        yield str(error)
        return
    if record["kind"] == "charge":
        found.charges.append((number, record))
    elif record["kind"] == "peer":
        found.peers[record["run"]] = record["entry"]
    elif record["kind"] == "torn":
        found.set_aside.append((number, record))


def _whole(tail: bytes) -> bool:
    """Whether what stands after the last line end is a line that lacks but its own."""
    try:
        unseal(tail)
    except ValueError:
        return False
    return True


def _decimals(guarantee: Guarantee, times: int = 1) -> dict[str, str]:
    return {
        "epsilon": shown_cost(guarantee, times),
        "delta_dp_decimal": upper(guarantee.delta * times),
    }


def _left(terms: Terms, spent: Guarantee, charges: int) -> dict[str, str]:
    epsilon, delta = amounts_left(Balance(terms, spent, charges))
    return {"epsilon": epsilon, "delta_dp_decimal": delta, "budget_delta_dp": shown_delta(terms.delta)}
