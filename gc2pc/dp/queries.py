"""Questions with a derived sensitivity: sums and counts over records, each clamped inside the circuit.

Source: Dwork, McSherry, Nissim, Smith (TCC 2006); the relations: Dwork, Roth, "The Algorithmic Foundations of
Differential Privacy" (2014), 2.3. Elements are clamped before they are added, so whatever a party puts in, a
record moves the result by no more than derived. What is *not* protected: a contributor of more records than
`per_contributor` says.
"""

from __future__ import annotations

from math import prod
from typing import Any

from gc2pc.dp.moves import moves
from gc2pc.dp.private import ADD_REMOVE, current
from gc2pc.dp.sensitivity import Query, Sensitivity, checked, held, is_bounded, raw_bounds, value_of
from gc2pc.ir.graph import Op
from gc2pc.lang.arrays import Reductions
from gc2pc.lang.backend import TRACE
from gc2pc.lang.codec import plain
from gc2pc.lang.functions import where
from gc2pc.lang.source import compile_error
from gc2pc.lang.std.histogram import membership
from gc2pc.lang.types import BOOL, UInt
from gc2pc.lang.value import Value


def sum(  # noqa: A001  (users write dp.sum)
    values: Any, bounds: tuple[Any, Any] | None = None, *, per_contributor: int = 1, present: Any = None
) -> Query:
    """The sum over axis 0, every element held between `bounds` first.

    >>> total = dp.sum(incomes, bounds=(0, 10_000))
    >>> shown = dp.laplace(total, epsilon=1)

    Args:
        values: An array (n, ...): row i comes from one record.
        bounds: Public (low, high); may be left out for a type of at most 16 bits, whose range it then is.
        per_contributor: How many records one contributor has at most.
        present: Under add/remove the Bool input that says which records are there.

    Returns:
        The sum, of shape (...), with its sensitivity.

    Raises:
        CompileError: Nothing bounds the values, or an element depends on more than its own record.
    """
    values = _records(values, "sum")
    if values.scalar.kind == BOOL:
        values = values.to(UInt[1])
    if bounds is not None:
        first, last = raw_bounds(values, bounds, "bounds")
        values = held(values, first, last)
    elif not is_bounded(values):
        raise compile_error(f"nothing bounds a {values.scalar}", "dp.sum(values, bounds=(0, 100))")
    low, high = values.low, values.high
    if bounds is not None:
        low, high = max(low, first), min(high, last)
    here = _presence(present, values)
    if here is not None:
        values = where(_fitted(here, values), values, 0)
    moved = _moved(values, "sum", per_contributor)
    own = here is not None and moved.total == values.size // len(values)  # no element of another record
    change = max(abs(low), abs(high)) if own else high - low if here is None else max(high, 0) - min(low, 0)
    shown = f"[{plain(values.scalar, low)}, {plain(values.scalar, high)}]"
    how = f"derived: sum of values in {shown}"
    monotone = own and (low >= 0 or high <= 0)
    return _query(values.sum(0), moved.total * change, moved.most * change, how, per_contributor, monotone)


def count(flags: Any, *, per_contributor: int = 1, present: Any = None) -> Query:
    """How many of the Bools along axis 0 are true; arguments as for `sum`.

    >>> yes = dp.count(votes)
    """
    flags = _records(flags, "count")
    if flags.scalar.kind != BOOL:
        raise compile_error(f"dp.count counts Bools, not {flags.scalar}", "dp.count(ages >= 18)")
    here = _presence(present, flags)
    if here is not None:
        flags = flags & _fitted(here, flags)
    moved = _moved(flags, "count", per_contributor)
    monotone = here is not None and moved.total == flags.size // len(flags)
    return _query(flags.sum(0), moved.total, moved.most, "derived: count", per_contributor, monotone)


def counts(values: Any, bins: Any, *, per_contributor: int = 1, present: Any = None) -> Query:
    """How many values fall into each bin, see `std.histogram`; the other arguments as for `sum`.

    Replacing a record takes one from a bin and adds one to another.

    >>> votes = dp.counts(ballots, 5)
    """
    values = _records(values, "counts")
    if values.ndim != 1:
        raise compile_error(f"dp.counts takes one value per record, not {values.type}", "values[:, 0]")
    here = _presence(present, values)
    flags = membership(values, bins)
    if here is not None:
        flags = flags & here
    moved = _moved(values if here is None else where(here, values, 0), "counts", per_contributor)
    own = here is not None and moved.total == 1
    total = moved.total if own else 2 * moved.total
    how = "derived: counts of disjoint bins"
    return _query(flags.sum(1), total, moved.total, how, per_contributor, own)


def _records(given: Any, name: str) -> Value:
    values = value_of(given, name)
    if not values.shape:
        raise compile_error(f"dp.{name} takes an array with one row per record", "stack([a, b])")
    return values


def _presence(present: Any, values: Value) -> Value | None:
    """The checked flags of who is there, under add/remove; None under replace."""
    asked = current()
    if asked.relation != ADD_REMOVE:
        if present is not None:
            raise compile_error(
                "present= is for the relation add/remove",
                '@circuit(private=dp.private(relation="add/remove", present="here"))',
            )
        return None
    if not isinstance(present, Value) or present.scalar.kind != BOOL or present.shape != values.shape[:1]:
        raise compile_error(
            f"under add/remove, say which records are there: one Bool for each of {values.shape[0]}",
            f"present={asked.present}",
        )
    backend = TRACE.get()
    if backend is not None:
        graph = backend.graph
        ports = [i for i, port in enumerate(graph.inputs) if port.name == asked.present]
        (wire,) = present.data_for(backend)
        if graph.parent is not None or not ports or wire != graph.node(Op.INPUT, ports[0], 0, len(present)):
            raise compile_error(
                f"present= must be the input {asked.present!r} itself, as it came in",
                f"present={asked.present}",
            )
    return present


def _fitted(present: Value, values: Value) -> Value:
    """The flags with as many axes as the values."""
    fitted: Value = present.reshape(present.shape + (1,) * (values.ndim - 1))
    return fitted


def _moved(values: Value, name: str, per_contributor: int) -> Any:
    if type(per_contributor) is not int or per_contributor < 1:
        raise compile_error(f"per_contributor={per_contributor!r}: it is 1 or more", "per_contributor=3")
    groups = prod(values.shape[1:])
    moved = moves(values, groups)
    if moved is None:
        raise compile_error(
            f"dp.{name} cannot tell which record an element comes from",
            "rows computed from one record each, no state inside a repeat; or x.sum() and sensitivity=...",
        )
    return moved


def _query(total: Reductions, l1: int, most: int, how: str, contributions: int, monotone: bool) -> Query:
    sensitivity = Sensitivity(max(1, l1), max(1, most), how, monotone).times(contributions)
    assert isinstance(total, Value)
    return Query.about(total, checked(sensitivity))
