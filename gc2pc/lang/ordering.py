"""Sorting, selecting and merging: comparator networks over lanes, keys with whatever moves along.

Flipping the sign bit makes the order of any number unsigned, and complementing all bits turns it round, both
free: one comparator serves all types. Floats are sorted by their order keys: zeros are equal and come out
positive, NaNs follow everything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from gc2pc.gadgets.compare import less_than
from gc2pc.gadgets.networks import (
    Network,
    choosing_network,
    median_network,
    merging_network,
    selecting_network,
    sorting_network,
)
from gc2pc.gadgets.selection import kth_smallest
from gc2pc.gadgets.sorting import run_network, sort_bits
from gc2pc.gadgets.wires import Wires
from gc2pc.lang import floats
from gc2pc.lang.backend import Backend
from gc2pc.lang.base import Base, backend_of, ceil_log2
from gc2pc.lang.source import compile_error
from gc2pc.lang.traced import TracedBackend
from gc2pc.lang.types import BOOL, FLOAT, UINT, Scalar


def _flipped(scalar: Scalar, wires: Wires, descending: bool) -> Wires:
    """Bits whose unsigned order is that of the values, and back again: free."""
    bits = [*wires[:-1], wires[-1] ^ int(scalar.signed)]
    return [bit ^ int(descending) for bit in bits]


def front(x: Base, axis: int) -> Base:
    """The axis first."""
    if not x.shape:
        raise compile_error(f"a single {x.scalar} has no order")
    if not -x.ndim <= axis < x.ndim:
        raise compile_error(f"axis {axis} is out of range for shape {x.shape}")
    return x.moved(lambda array: np.moveaxis(array, axis, 0))


def numbered(x: Base) -> Base:
    """Along axis 0 the numbers 0, 1, ..., with the shape of x."""
    n = x.shape[0]
    places = np.arange(n).reshape(n, *([1] * (x.ndim - 1)))
    return x.constant(np.broadcast_to(places, x.shape), Scalar(UINT, max(1, ceil_log2(n))))


def arranged(
    values: Sequence[Base],
    *,
    outputs: Sequence[int] | None = None,
    network: Network | None = None,
    stable: bool = False,
    descending: bool = False,
) -> list[Base]:
    """Values ordered by the first of them along axis 0; the shapes of the others begin with its shape.

    Args:
        values: Keys, and what moves along.
        outputs: Which places of the order to give; all if None.
        network: What gives them; needed where they are not the first ones.
        stable: Equal keys keep their order, which costs 2 ceil(log2 n) ANDs more per comparator.
        descending: The largest key first.
    """
    backend, keys = backend_of(*values), values[0]
    if keys.scalar.kind == FLOAT:
        numbers = [floats.order_keys(keys, True), *values[1:]]
        results = arranged(numbers, outputs=outputs, network=network, stable=stable, descending=descending)
        return [floats.from_order_keys(results[0], keys.scalar), *results[1:]]
    count = keys.shape[0]
    places = range(count) if outputs is None else outputs
    if backend.public:
        return _arranged_clear(values, places, descending)
    assert isinstance(backend, TracedBackend)
    columns = [keys, numbered(keys), *values[1:]] if stable else list(values)
    if network is None:
        network = sorting_network(count) if outputs is None else selecting_network(count, len(places))
    results = _through(backend, network, columns, 1 + stable, descending)
    return [results[0], *results[1 + stable :]]


def _arranged_clear(values: Sequence[Base], places: Sequence[int], descending: bool) -> list[Base]:
    keys = values[0]
    ranks = np.argsort(-keys.data if descending else keys.data, axis=0, kind="stable")[list(places)]
    return [
        _resized(
            value,
            value.backend,
            np.take_along_axis(value.data, ranks.reshape(*ranks.shape, *([1] * (value.ndim - keys.ndim))), 0),
            len(places),
        )
        for value in values
    ]


def _through(
    backend: TracedBackend, network: Network, values: Sequence[Base], compared: int, descending: bool
) -> list[Base]:
    """The outputs of a network; the first `compared` values decide, the earlier ones first."""
    graph, keys = backend.graph, values[0].scalar
    columns = [(value.data_for(backend), prod(value.shape[1:])) for value in values]
    columns[0] = (_flipped(keys, columns[0][0], descending), columns[0][1])

    def less(a: Sequence[Wires], b: Sequence[Wires]) -> int:
        x, y = ([bit for column in reversed(side[:compared]) for bit in column] for side in (a, b))
        return less_than(graph, x, y)

    results = run_network(graph, columns, network.inputs, network, less)
    results[0] = _flipped(keys, results[0], descending)
    n = len(network.order)
    return [_resized(value, backend, wires, n) for value, wires in zip(values, results, strict=True)]


def _resized(value: Base, backend: Backend, data: Any, n: int) -> Base:
    return value.make(value.scalar, (n, *value.shape[1:]), backend, data, (value.low, value.high))


# -- what the language offers ------------------------------------------------------------------------


def sort(x: Base, axis: int, descending: bool) -> Base:
    """A sorted copy along an axis."""
    lists = front(x, axis)
    backend, count = backend_of(lists), lists.shape[0]
    if lists.scalar.kind == BOOL and not backend.public:
        assert isinstance(backend, TracedBackend)
        bit = lists.data_for(backend)[0]
        bits = sort_bits(backend.graph, bit, count, prod(lists.shape[1:]), descending=descending)
        result = _resized(lists, backend, [bits], count)
    else:
        result = arranged([lists], descending=descending)[0]
    return result.moved(lambda array: np.moveaxis(array, 0, axis))


def argsort(x: Base, axis: int, descending: bool) -> Base:
    """The indices that sort x along an axis; equal elements keep their order."""
    lists = front(x, axis)
    places = arranged([lists, numbered(lists)], stable=True, descending=descending)[1]
    return places.moved(lambda array: np.moveaxis(array, 0, axis))


def kth(x: Base, place: int) -> Base:
    """The element along axis 0 at this place of the ascending order."""
    return _chosen(x, [place], choosing_network(x.shape[0], place))[0]


def middle(x: Base) -> list[Base]:
    """The middle element along axis 0, or both middle elements of an even number, in no order."""
    count = x.shape[0]
    return _chosen(x, sorted({(count - 1) // 2, count // 2}), median_network(count))


def _chosen(x: Base, places: Sequence[int], network: Network) -> list[Base]:
    """The elements at these places, by the network that gives them or by counting, whatever is cheaper."""
    if x.scalar.kind == FLOAT:
        keys = _chosen(floats.order_keys(x, True), places, network)
        return [floats.from_order_keys(key, x.scalar) for key in keys]
    if x.scalar.kind == BOOL:
        ordered = sort(x, 0, False)
        return [_row(ordered, at) for at in places]
    count = x.shape[0]
    by_counting = len(places) * 3 * (count - 1 + ceil_log2(count))  # ANDs per bit, see gadgets.selection
    if not backend_of(x).public and by_counting < 2 * network.size:
        return [_kth_by_counting(x, place) for place in places]
    ordered = arranged([x], outputs=places, network=network)[0]
    return [_row(ordered, at) for at in range(len(places))]


def _kth_by_counting(x: Base, place: int) -> Base:
    backend = backend_of(x)
    assert isinstance(backend, TracedBackend)
    wires = _flipped(x.scalar, x.data_for(backend), False)
    found = kth_smallest(backend.graph, wires, x.shape[0], prod(x.shape[1:]), place)
    return _row(_resized(x, backend, _flipped(x.scalar, found, False), 1), 0)


def _row(x: Base, at: int) -> Base:
    return x.moved(lambda array: array[at, ...])


def merge(parts: Sequence[Any]) -> Any:
    """Two ascending arrays along axis 0 as one."""
    from gc2pc.lang.functions import concatenate

    x, y = parts
    return arranged([concatenate([x, y])], network=merging_network(x.shape[0], y.shape[0]))[0]


def count_type(n: int) -> Scalar:
    """The type of `xs.sum()` for n Bools."""
    return Scalar(UINT, 1 + ceil_log2(n))
