"""Sorting with payload, and elements by their place in the order."""

from __future__ import annotations

from typing import Any

from gc2pc.lang import ordering, tree
from gc2pc.lang.base import Base
from gc2pc.lang.functions import stack
from gc2pc.lang.source import compile_error
from gc2pc.lang.value import Value


def sort_by(
    keys: Value, *payloads: Any, descending: bool = False, stable: bool = True, first: int | None = None
) -> tuple[Any, ...]:
    """Sort along axis 0 by keys, and move payloads along: ``(keys, *payloads)``.

    A comparator costs two ANDs per bit of a key and one per bit of payload; stability adds
    2 ceil(log2 n). Plain sorting of an array is `xs.sort()`.

    >>> ages, names = std.sort_by(ages, names)

    Args:
        keys: An array.
        payloads: Arrays whose shapes begin with the keys' shape, or structures of such arrays.
        descending: The largest key first.
        stable: Equal keys keep their order. If false their order is not defined: for keys that differ anyway.
        first: Only so many elements from the front, in fewer comparators.

    Raises:
        CompileError: A payload is no array, or its shape does not begin with the keys'.
    """
    keys = _array(keys, "keys")
    leaves = tree.leaves(payloads)
    for leaf in leaves:
        if not isinstance(leaf, Base) or leaf.shape[: keys.ndim] != keys.shape:
            shown = leaf.type if isinstance(leaf, Base) else type(leaf).__name__
            raise compile_error(f"a payload of {keys.type} has the same first dimensions, unlike {shown}")
    outputs = None if first is None else range(_count(first, keys.shape[0]))
    ordered = ordering.arranged(
        [keys, *leaves], outputs=outputs, stable=stable and bool(leaves), descending=descending
    )
    return ordered[0], *tree.rebuild(payloads, iter(ordered[1:]))


def top_k(xs: Value, k: int, *payloads: Any) -> Any:
    """The k largest elements along axis 0, the largest first; with payloads ``(values, *payloads)``.

    Equal elements are taken in their order.

    >>> best, who = std.top_k(scores, 3, names)
    """
    ordered = sort_by(xs, *payloads, descending=True, first=k)
    return ordered if payloads else ordered[0]


def kth_smallest(xs: Value, k: int, axis: int | None = None) -> Value:
    """The k-th smallest element, k from 1, along an axis or of all.

    About 3 ANDs per bit of every element, or a sorting network's part where that costs less.
    """
    lists = _lists(xs, axis)
    return ordering.kth(lists, _count(k, lists.shape[0]) - 1)  # type: ignore[return-value]


def kth_largest(xs: Value, k: int, axis: int | None = None) -> Value:
    """The k-th largest element, k from 1, along an axis or of all."""
    lists = _lists(xs, axis)
    return kth_smallest(lists, lists.shape[0] + 1 - _count(k, lists.shape[0]), 0)


def median(xs: Value, axis: int | None = None) -> Value:
    """The middle element along an axis or of all; the mean of the two middle ones if their number is even.

    The mean keeps the elements' type: rounded down for integers, to nearest even for Fixed.
    """
    middle = ordering.middle(_lists(xs, axis))
    result: Value = stack(middle).mean(0) if len(middle) > 1 else middle[0]  # type: ignore[assignment]
    return result


def _array(xs: Any, name: str) -> Value:
    if not isinstance(xs, Value) or not xs.shape:
        shown = xs.type if isinstance(xs, Base) else type(xs).__name__
        raise compile_error(f"{name} must be an array, not {shown}")
    return xs


def _lists(xs: Any, axis: int | None) -> Value:
    array = _array(xs, "xs")
    return array.flatten() if axis is None else ordering.front(array, axis)  # type: ignore[return-value]


def _count(k: Any, count: int) -> int:
    number = int(k.__index__())
    if not 1 <= number <= count:
        raise compile_error(f"{number} of {count} elements: a public number from 1 to {count} is needed")
    return number
