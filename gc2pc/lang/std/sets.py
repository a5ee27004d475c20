"""Merging sorted arrays, distinct elements, intersections, and moving what is wanted to the front."""

from __future__ import annotations

from typing import Any

from gc2pc.gadgets.networks import merging_network, sorting_network
from gc2pc.lang import ordering
from gc2pc.lang.base import Base, ceil_log2
from gc2pc.lang.functions import concatenate, where
from gc2pc.lang.source import compile_error
from gc2pc.lang.types import BOOL, Bool, UInt
from gc2pc.lang.value import Value


def merge(x: Value, y: Value) -> Value:
    """Two ascending arrays as one, along axis 0: Batcher's odd-even merge.

    Arrays that are not ascending come out in an order that is not defined.
    """
    merged: Value = ordering.merge(_operands(x, y))
    return merged


def unique(xs: Value) -> tuple[Value, Value]:
    """The sorted elements of a one-dimensional array, and which of them differ from the one before.

    Shapes are public, so nothing is left out: ``values, new = std.unique(xs)``; ``new.sum()`` counts them,
    ``std.compact(values, new)`` moves them to the front. The places of what is new tell how often each value
    occurs; compact before you reveal them.
    """
    values = _flat(xs).sort()
    first = Bool([True])
    return values, concatenate([first, values[1:] != values[:-1]]) if len(values) > 1 else first


def compact(xs: Any, keep: Any, length: int | None = None) -> tuple[Value, Value]:
    """The elements to keep at the front in their order, zeros after them; and how many there are.

    Every element moves by the number of dropped ones before it, one bit of that number at a time: about
    n (w + log n) ANDs per bit.

    Args:
        xs: A one-dimensional array.
        keep: As many Bools.
        length: Length of the result if no more can be kept; that of `xs` by default.
    """
    values = _flat(xs)
    if not isinstance(keep, Value) or keep.scalar.kind != BOOL or keep.shape != values.shape:
        raise compile_error(f"compact needs one Bool for each element of {values.type}", "xs != 0")
    count = keep.sum()
    n = len(values)
    kept: Any = keep
    if n > 1:
        gaps: Any = concatenate([Bool([False]), ~keep[:-1]]).cumsum()
        for places in range(ceil_log2(n), 0, -1):
            gaps = gaps.to(UInt[places])
            values, kept, gaps = _moved(values, kept, gaps, 1 << ceil_log2(n) - places)
    values, kept = values[:length], kept[:length]
    zero = values.operand(0) if values.scalar.kind != BOOL else Bool(False)
    return where(kept, values, zero), count


def _moved(values: Value, kept: Any, gaps: Any, by: int) -> tuple[Value, Any, Any]:
    """What has the lowest bit of its gap set moves `by` places to the front; the gaps without that bit."""
    moves = kept & gaps.bits()[:, 0]
    comes, stays = moves[by:], kept ^ moves

    def arrived(x: Any) -> Any:
        return concatenate([where(comes, x[by:], x[:-by]), x[-by:]])

    # Nothing arrives where something stays.
    kept = concatenate([stays[:-by] ^ comes, stays[-by:]])
    return arrived(values), kept, arrived(gaps >> 1)


def intersection(x: Value, y: Value, *, ascending: bool = False) -> tuple[Value, Value]:
    """The common elements of two sets, ascending from the front with zeros after them, and their number.

    The result has the length of the smaller set, so that only the number and the elements show. By whatever
    costs less: sorting or merging both and comparing neighbours, or comparing all pairs.

    Args:
        x: A set: a one-dimensional array whose elements differ from each other.
        y: Another set.
        ascending: Both are sorted already, as their owners can do at no cost.
    """
    small, large = _sets(x, y)
    m, n, width = len(small), len(large), small.scalar.bits
    by_pairs = m * n * (width - 1) + m * (width + 1) * (ceil_log2(m) + 1)
    if not ascending:
        by_pairs += 2 * width * sorting_network(m).size
    joint = (m + n) // 2
    by_order = _union_cost(m, n, width, ascending) + joint * (width + 1) * (ceil_log2(joint) + 1)
    if by_pairs <= by_order:
        values = small if ascending else small.sort()
        return compact(values, _in_pairs(values, large))
    values, common = _neighbours(small, large, ascending)
    return compact(values, common, m)


def intersection_count(x: Value, y: Value, *, ascending: bool = False) -> Value:
    """The number of common elements of two sets; arguments as for `intersection`."""
    small, large = _sets(x, y)
    m, n, width = len(small), len(large), small.scalar.bits
    if m * n * (width - 1) <= _union_cost(m, n, width, ascending):
        return _in_pairs(small, large).sum()
    return _neighbours(small, large, ascending)[1].sum().to(ordering.count_type(m))


def _sets(x: Any, y: Any) -> tuple[Value, Value]:
    one, other = (_flat(part) for part in _operands(x, y))
    return (one, other) if len(one) <= len(other) else (other, one)


def _union_cost(m: int, n: int, width: int, ascending: bool) -> int:
    """ANDs of `_neighbours`."""
    network = merging_network(m, n) if ascending else sorting_network(m + n)
    return 2 * width * network.size + (m + n - 1) * (width - 1)


def _in_pairs(x: Value, y: Value) -> Value:
    """Which elements of x are in y. At most one is equal, so the XOR of all comparisons tells."""
    equal: Any = x[None, :] == y[:, None]
    while equal.shape[0] > 1:
        half = equal.shape[0] // 2
        rest = equal[2 * half :] if equal.shape[0] % 2 else None
        equal = equal[:half] ^ equal[half : 2 * half]
        equal = equal if rest is None else concatenate([equal, rest])
    result: Value = equal[0]
    return result


def _neighbours(x: Value, y: Value, ascending: bool) -> tuple[Value, Value]:
    """Every second element of the sorted union, and which of them both sets have.

    An element occurs twice at most, so of three neighbours at most two are equal, and the middle one is
    among them.
    """
    union = ordering.merge([x, y]) if ascending else concatenate([x, y]).sort()
    equal = union[1:] == union[:-1]
    if len(union) % 2 == 0:
        equal = concatenate([equal, Bool([False])])
    return union[1::2], equal[::2] ^ equal[1::2]


def _operands(x: Any, y: Any) -> list[Value]:
    """Both arrays in one type; a plain one adopts the other's."""
    first = x if isinstance(x, Base) else y
    if not isinstance(first, Value):
        raise compile_error("at least one typed array is needed", "UInt[8]([1, 2, 3]) for constants")
    one, other = first.operand(x), first.operand(y)
    if one.scalar != other.scalar or not one.shape or one.shape[1:] != other.shape[1:]:
        raise compile_error(
            f"{one.type} and {other.type} do not go together", f".to({one.scalar}); arrays of equal rows"
        )
    return [one, other]


def _flat(xs: Any) -> Value:
    if not isinstance(xs, Value) or xs.ndim != 1:
        shown = xs.type if isinstance(xs, Base) else type(xs).__name__
        raise compile_error(f"an array of one dimension is needed, not {shown}", "xs.flatten()")
    return xs
