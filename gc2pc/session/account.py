"""One run's access to a ledger, as `protocol.admission` asks for it, and what the run has spent."""

from __future__ import annotations

import os
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from gc2pc.dp.amounts import logarithm
from gc2pc.dp.guarantee import Guarantee
from gc2pc.errors import InputError
from gc2pc.session.ledger import Balance, Ledger

if TYPE_CHECKING:
    from gc2pc.dp.certificate import Certificate


@dataclass(frozen=True)
class Spending:
    """What a run was charged, for people: decimals, rounded against them. The ledger has the exact fractions.

    Attributes:
        dataset: Name in the ledger.
        epsilon: Of this run, all its input sets together; `delta_dp` likewise.
        spent_epsilon: Of all runs so far, this one included; `spent_delta_dp` likewise.
        budget_epsilon: What the ledger allows in all; `budget_delta_dp` likewise.
        remaining_epsilon: What is left, rounded down; `remaining_delta_dp` likewise.
        entry: The hash of the ledger's new line, in hexadecimal.
    """

    dataset: str
    epsilon: str
    delta_dp: str
    spent_epsilon: str
    spent_delta_dp: str
    budget_epsilon: str
    budget_delta_dp: str
    remaining_epsilon: str
    remaining_delta_dp: str
    entry: str

    def __str__(self) -> str:
        return (
            f"epsilon {self.epsilon} and delta_dp {self.delta_dp} of {self.dataset!r}; "
            f"left: {self.remaining_epsilon} of {self.budget_epsilon} "
            f"and {self.remaining_delta_dp} of {self.budget_delta_dp}"
        )


class RunAccount:
    """Charges one run to a ledger.

    Args:
        ledger: The ledger.
        certificate: The circuit's.
        peer: The other party's name, for the ledger.

    Raises:
        InputError: The certificate is about another neighbouring relation than the ledger.
    """

    def __init__(self, ledger: Ledger, certificate: Certificate, peer: str) -> None:
        check_relation(ledger, certificate)
        self._ledger, self._certificate, self._peer = ledger, certificate, peer
        self.spending: Spending | None = None
        """What was charged, once it is."""

    def refusal(self, batch: int) -> str | None:
        """See `protocol.admission.Account`."""
        cost = self._certificate.guarantee
        if self._ledger.admits(cost, batch):
            return None
        left = amounts_left(self._ledger.balance())
        sets = f" for {batch:,} input sets" if batch > 1 else ""
        return (
            f"{self._certificate.circuit} costs epsilon {shown_cost(cost, batch)} and delta_dp "
            f"{upper(cost.delta * batch)}{sets}; {self._ledger.path} has epsilon {left[0]} "
            f"and delta_dp {left[1]} left for {self._ledger.terms.dataset!r}"
        )

    def charge(self, run: bytes, batch: int) -> bytes:
        """See `protocol.admission.Account`."""
        certificate = self._certificate
        fields = {
            "run": run.hex(),
            "circuit": certificate.circuit,
            "digest": certificate.digest,
            "certificate": certificate.hash.hex(),
            "peer": self._peer,
        }
        entry, balance = self._ledger.charge(certificate.guarantee, batch, fields)
        self.spending = _spending(certificate.guarantee, batch, balance, entry)
        return entry

    def note_peer(self, run: bytes, entry: bytes) -> None:
        """See `protocol.admission.Account`."""
        self._ledger.note_peer(run, entry)


def open_ledger(ledger: Ledger | str | os.PathLike[str] | None) -> Ledger | None:
    """The ledger that a user names. InputError if it is none, or damaged."""
    return ledger if ledger is None or isinstance(ledger, Ledger) else Ledger(ledger)


def check_relation(ledger: Ledger, certificate: Certificate) -> None:
    """Raise InputError unless both mean the same neighbours: guarantees of different ones do not add up."""
    if certificate.relation != ledger.terms.relation:
        raise InputError(
            f"{ledger.path} is for neighbours that {ledger.terms.relation}, the certificate of "
            f"{certificate.circuit} for ones that {certificate.relation}: use a ledger of that relation"
        )


def _spending(cost: Guarantee, batch: int, balance: Balance, entry: bytes) -> Spending:
    left = amounts_left(balance)
    return Spending(
        dataset=balance.terms.dataset,
        epsilon=shown_cost(cost, batch),
        delta_dp=upper(cost.delta * batch),
        spent_epsilon=shown_cost(balance.spent, 1),
        spent_delta_dp=upper(balance.spent.delta),
        budget_epsilon=str(balance.terms.epsilon),
        budget_delta_dp=shown_delta(balance.terms.delta),
        remaining_epsilon=left[0],
        remaining_delta_dp=left[1],
        entry=entry.hex(),
    )


# -- amounts for people --------------------------------------------------------------------------


def shown_cost(cost: Guarantee, times: int) -> str:
    """Epsilon of so many together, in decimals, rounded up."""
    return _shown(times * logarithm(cost.ratio), ROUND_CEILING)


def amounts_left(balance: Balance) -> tuple[str, str]:
    """Epsilon and delta that are left, in decimals, rounded down."""
    epsilon = balance.terms.epsilon.approximate() - logarithm(balance.spent.ratio)
    delta = max(balance.terms.delta - balance.spent.delta, Fraction(0))
    return _shown(max(epsilon, Decimal(0)), ROUND_FLOOR), _shown(_decimal(delta, ROUND_FLOOR), ROUND_FLOOR)


def upper(value: Fraction) -> str:
    """A fraction in decimals, rounded up."""
    return _shown(_decimal(value, ROUND_CEILING), ROUND_CEILING)


def shown_delta(value: Fraction) -> str:
    """A fraction as its decimal, if that is short and exact; else as it is."""
    decimal = _decimal(value, ROUND_CEILING)
    shown = _shown(decimal, ROUND_CEILING)
    return shown if Fraction(Decimal(shown)) == value else str(value)


def _decimal(value: Fraction, rounding: str) -> Decimal:
    return Context(prec=50, rounding=rounding).divide(Decimal(value.numerator), Decimal(value.denominator))


def _shown(value: Decimal, rounding: str) -> str:
    """Six digits; powers of ten below 1/10,000."""
    rounded = Context(prec=6, rounding=rounding).plus(value).normalize()
    return f"{rounded:f}" if rounded == 0 or Decimal("1e-4") <= rounded < 10**9 else f"{rounded:e}"
