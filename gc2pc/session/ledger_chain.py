"""The lines of a ledger: what each says, how they are chained, and what they add up to.

A ledger is a text file of JSON objects, one a line, in one canonical encoding (sorted keys, no spaces,
ASCII). Every line has `index` (its place, from 0), `previous` (the hash of the line before it; zeros in the
first) and `hash`: SHA-256 over the canonical encoding of all its other fields. By `kind`:

    terms     format, dataset, epsilon, delta_dp, relation, time     the first line, and only that
    charge    run, circuit, digest, certificate, ratio, delta_dp, batch, relation, peer, time
    peer      run, entry, time             the hash of the peer's own entry for that run; costs nothing
    torn      bytes, sha256, start, time   a write that a crash had cut off was set aside; costs nothing

`ratio` and `delta_dp` of a charge are those of one run of one input set, "n/d"; it costs them `batch` times.
Composition: Dwork, Roth, "The Algorithmic Foundations of Differential Privacy" (2014), theorem 3.16. It holds
for queries that earlier answers led to, too: this is the basic privacy filter of Rogers, Roth, Ullman, Vadhan
(NeurIPS 2016). All sums and products are exact fractions.
The chain shows accidents and edits in the middle. It does not keep the owner of the file from cutting off its
end or writing it anew: the hashes that peers note in their own ledgers are the witness for that.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any, Final

from gc2pc.dp.amounts import Epsilon, delta_of, epsilon_of, logarithm
from gc2pc.dp.guarantee import NOTHING, Guarantee
from gc2pc.dp.private import RELATIONS
from gc2pc.errors import CompileError, InputError

FORMAT: Final = "gc2pc ledger 1"
START: Final = "0" * 64
"""`previous` of the first line."""
MAX_NAME: Final = 255
"""Longest name of a dataset, in characters."""
KEPT: Final = 1024
"""Bytes of a torn write that its note shows; of the rest it has the hash."""

Record = Mapping[str, Any]

_FRACTION: Final = re.compile(r"[0-9]+(/[0-9]+)?")
_DIGITS: Final = Context(prec=50)
_DOUBT: Final = Decimal("1e-40")
"""More than the errors of 50-digit logarithms of numbers below e^64, by far."""

_COMMON: Final = frozenset({"kind", "index", "previous", "time", "hash"})
_FIELDS: Final[dict[str, dict[str, type]]] = {
    "terms": {"format": str, "dataset": str, "epsilon": str, "delta_dp": str, "relation": str},
    "charge": {
        "run": str,
        "circuit": str,
        "digest": str,
        "certificate": str,
        "ratio": str,
        "delta_dp": str,
        "batch": int,
        "relation": str,
        "peer": str,
    },
    "peer": {"run": str, "entry": str},
    "torn": {"bytes": int, "sha256": str, "start": str},
}
"""Fields of each kind of line, beside those that all have."""


@dataclass(frozen=True)
class Terms:
    """What a ledger allows in all.

    Attributes:
        dataset: Whose records are meant, for people.
        epsilon: The whole budget.
        delta: The same for delta.
        relation: Which datasets are neighbours, as certificates put it.
    """

    dataset: str
    epsilon: Epsilon
    delta: Fraction
    relation: str

    def fields(self) -> dict[str, Any]:
        """The first line's."""
        return {
            "format": FORMAT,
            "dataset": self.dataset,
            "epsilon": str(self.epsilon),
            "delta_dp": str(self.delta),
            "relation": self.relation,
        }


def terms(dataset: Any, epsilon: Any, delta_dp: Any, relation: str) -> Terms:
    """Terms from what users write.

    Args:
        dataset: A name of 1 to MAX_NAME printable characters.
        epsilon: As in a circuit: an int, Fraction, text such as "1/10" or "ln(3)", or a float as it prints.
        delta_dp: Likewise, or "2^-40".
        relation: "replace" or "add/remove", or what certificates say for it.

    Raises:
        InputError: Says what is allowed.
    """
    if not isinstance(dataset, str) or not dataset.isprintable() or not 0 < len(dataset) <= MAX_NAME:
        raise InputError(f"a dataset's name is 1 to {MAX_NAME} printable characters, not {dataset!r:.80}")
    relation = RELATIONS.get(relation, relation)
    if relation not in RELATIONS.values():
        raise InputError(f"no relation {relation!r:.80}: {' or '.join(map(repr, RELATIONS))}")
    try:
        return Terms(dataset, epsilon_of(epsilon), delta_of(delta_dp), relation)
    except CompileError as error:
        hint = f"; such as {error.suggestion}" if error.suggestion else ""
        raise InputError(f"{error.message}{hint}") from None


# -- lines -------------------------------------------------------------------------------------------


def canonical(record: Record) -> bytes:
    """The one encoding of a record, without a line end."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def seal(kind: str, index: int, previous: str, time: str, fields: Record) -> tuple[bytes, str]:
    """A line with its end, and its hash."""
    body = {"kind": kind, "index": index, "previous": previous, "time": time, **fields}
    digest = hashlib.sha256(canonical(body)).hexdigest()
    return canonical({**body, "hash": digest}) + b"\n", digest


def unseal(line: bytes) -> Record:
    """The record of a line, without its end; ValueError unless `seal` could have made it."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("is no JSON object") from None
    if not isinstance(record, dict):
        raise ValueError("is no JSON object")
    fields = _FIELDS.get(str(record.get("kind")))
    if fields is None:
        raise ValueError(f"has the unknown kind {record.get('kind')!r:.40}")
    if record.keys() != _COMMON | fields.keys():
        raise ValueError("has fields too many or too few")
    types = {"index": int, "previous": str, "time": str, "hash": str, **fields}
    for name, kind in types.items():
        if type(record[name]) is not kind:
            raise ValueError(f"has a {name} that is none")
    if canonical(record) != line:
        raise ValueError("is written in another way than a ledger's lines")
    body = {name: value for name, value in record.items() if name != "hash"}
    if hashlib.sha256(canonical(body)).hexdigest() != record["hash"]:
        raise ValueError("was changed: it does not have the hash that it says")
    return record


def terms_of(record: Record) -> Terms:
    """What the first line says; ValueError if it is none."""
    if record["kind"] != "terms":
        raise ValueError("should be the first line, with the terms, and is not")
    if record["format"] != FORMAT:
        raise ValueError(f"has the format {record['format']!r:.40}, not {FORMAT!r}")
    try:
        found = terms(record["dataset"], record["epsilon"], record["delta_dp"], record["relation"])
    except InputError as error:
        raise ValueError(f"has wrong terms: {error}") from None
    if found.fields() != {name: record[name] for name in _FIELDS["terms"]}:
        raise ValueError("has terms in another notation than a ledger's")
    return found


def guarantee_of(record: Record) -> Guarantee:
    """What one input set of a charge costs; ValueError if the line does not say."""
    amounts = []
    for name in ("ratio", "delta_dp"):
        try:
            amount = Fraction(record[name]) if _FRACTION.fullmatch(record[name]) else None
        except (ValueError, ZeroDivisionError):
            amount = None
        if amount is None or str(amount) != record[name]:
            raise ValueError(f"has a {name} that is no fraction in lowest terms")
        amounts.append(amount)
    return Guarantee(*amounts)  # ValueError: below 1, or negative


# -- the chain ---------------------------------------------------------------------------------------


@dataclass
class Chain:
    """The lines of a ledger so far, added up.

    Attributes:
        length: Lines read.
        last: The hash of the last one.
        terms: What the first one says.
        spent_on: How often each guarantee was charged.
        charges: Lines that charge something.
    """

    length: int = 0
    last: str = START
    terms: Terms | None = None
    spent_on: Counter[Guarantee] = field(default_factory=Counter)
    charges: int = 0

    def copy(self) -> Chain:
        """A chain that goes its own way from here."""
        return Chain(self.length, self.last, self.terms, Counter(self.spent_on), self.charges)

    @property
    def spent(self) -> Guarantee:
        """All charges together."""
        total = NOTHING
        for guarantee, times in self.spent_on.items():
            total = total.then(guarantee.times(times))
        return total

    def admits(self, cost: Guarantee, times: int) -> bool:
        """Whether the budget holds with so much more, exactly."""
        if self.terms is None:
            return False
        # What is beyond doubt too much is not computed: the power could be longer than the memory.
        least = _DIGITS.multiply(times, _DIGITS.subtract(logarithm(cost.ratio), _DOUBT))
        if least > _DIGITS.add(self.terms.epsilon.approximate(), _DOUBT):
            return False
        return self.spent.then(cost.times(times)).within(self.terms.epsilon, self.terms.delta)

    def add(self, line: bytes) -> Record:
        """Take the next line, without its end. If it is wrong, ValueError says how, and nothing is added."""
        record = unseal(line)
        self.check_place(record)
        self.count(record)
        self.length, self.last = self.length + 1, record["hash"]
        return record

    def check_place(self, record: Record) -> None:
        """ValueError unless the line belongs after the last one."""
        if record["index"] != self.length:
            raise ValueError(f"has index {record['index']}, but it is line {self.length} from 0")
        if record["previous"] != self.last:
            raise ValueError("does not follow from the line before it: a line was changed, lost or added")

    def count(self, record: Record) -> None:
        """Add up what the line says, wherever it stands. ValueError if that makes no sense."""
        if self.terms is None:
            self.terms = terms_of(record)
            return
        if record["kind"] == "terms":
            raise ValueError("sets terms a second time")
        if record["kind"] == "charge":
            if record["relation"] != self.terms.relation:
                raise ValueError(f"has the relation {record['relation']!r:.40}, unlike the ledger's")
            if record["batch"] < 1:
                raise ValueError("charges for less than one input set")
            self.spent_on[guarantee_of(record)] += record["batch"]
            self.charges += 1
