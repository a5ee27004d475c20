"""Which rows a step of a proof has to be checked on: a bound from what earlier steps were shown to do.

A chain of ANDs makes a thermometer: if one bit is set, so is the one before. Such implications between
pairs of bits are read off the enumerated steps, and rows that break one cannot occur. All others count as
possible: those of a set of implications that is closed under resolution can be listed bit by bit, without a
dead end.

Source: 2-satisfiability by resolution, Krom (1967). Assumption, threat model: those of `proof`. It leaves
in what only three bits together rule out, so it errs towards refusing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint8]


class Implications:
    """What was shown so far: where one literal is true, another is true as well."""

    def __init__(self) -> None:
        self._of: dict[int, set[int]] = {}

    def learn(self, literals: Sequence[int], rows: Bits) -> None:
        """Note all implications between literals whose rows (k, literals) are all that can occur."""
        set_ = rows.astype(np.int64)
        ones = set_.T @ set_  # in how many rows both are true
        alone = set_.sum(axis=0)
        count = len(rows)
        for i, x in enumerate(literals):
            for j, y in enumerate(literals):
                if x >> 1 == y >> 1:
                    continue
                if ones[i, j] == alone[i]:
                    self._add(x, y)
                if ones[i, j] == 0:
                    self._add(x, y ^ 1)
                if count - alone[i] - alone[j] + ones[i, j] == 0:
                    self._add(x ^ 1, y)

    def _add(self, x: int, y: int) -> None:
        self._of.setdefault(x, set()).add(y)
        self._of.setdefault(y ^ 1, set()).add(x ^ 1)

    def _reached(self, x: int, ends: Collection[int]) -> set[int]:
        """What is true where x is; what follows from the literals `ends` is left out."""
        found: set[int] = {x}
        stack = [x]
        while stack:
            for y in self._of.get(stack.pop(), ()):
                if y not in found:
                    found.add(y)
                    if y not in ends:
                        stack.append(y)
        return found

    def rows(self, literals: Sequence[int], limit: int) -> Bits | None:
        """All rows that break no implication; None if they are more than `limit`."""
        rows = np.zeros((1, 0), dtype=np.uint8)
        known: dict[
            int, tuple[int, int]
        ] = {}  # literals of the bits so far: their column, and their bit there
        for j, literal in enumerate(literals):
            kept = []
            for bit in (0, 1):
                implied = self._reached(literal ^ 1 ^ bit, known)
                possible = np.full(len(rows), literal ^ bit not in implied)
                for column, value in (known[other] for other in implied if other in known):
                    possible &= rows[:, column] == value
                new = np.full(np.count_nonzero(possible), bit, dtype=np.uint8)
                kept.append(np.column_stack([rows[possible], new]))
            rows = np.concatenate(kept)
            if len(rows) > limit:
                return None
            known |= {literal: (j, 1), literal ^ 1: (j, 0)}
        return rows


def outside(rows: Bits, domain: Bits) -> Bits:
    """The rows that the domain leaves out."""
    listed = {row.tobytes() for row in np.packbits(domain, axis=1)}
    missing = [row.tobytes() not in listed for row in np.packbits(rows, axis=1)]
    return np.ascontiguousarray(rows[np.array(missing, dtype=bool)])
