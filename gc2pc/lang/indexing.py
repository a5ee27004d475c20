"""Elements by index: public indices rewire, secret ones scan.

A secret index is a UInt. It means the element ``i mod 2^k``, k = ceil(log2 n), and where that is not below n
the element 2^(k-1) places before it: an index in range means what it says, and any other one reads or writes
some element instead of failing. A plain call does the same with values of type UInt; Python's own integers
are checked as in NumPy.

Reading costs n - 1 ANDs per bit of an element, or what the table's content allows if the array is public.
Writing costs n per bit, and less than n to decode the index.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gc2pc.gadgets import indexing, lookup
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import TRUE, Graph
from gc2pc.lang import journal
from gc2pc.lang.backend import RUN, TRACE, Shape
from gc2pc.lang.base import Base, backend_of, ceil_log2
from gc2pc.lang.operation import Operation
from gc2pc.lang.source import compile_error
from gc2pc.lang.traced import TracedBackend
from gc2pc.lang.types import BOOL, UINT, Bool

Part: TypeAlias = Any
"""One part of an index: what NumPy takes, or a secret UInt."""


def read(x: Base, key: Any) -> Base:
    """``x[key]``."""
    parts = _parts(x, key)
    y = _moved(x, [slice(None) if isinstance(part, Base) else part for part in parts])
    axes = _secret_axes(parts)
    arrays = [index for index, _ in axes if index.shape]
    if arrays and (len(axes) > 1 or any(isinstance(part, int | np.ndarray) for part in parts)):
        raise compile_error(
            "an array of secret indices stands alone among slices", "xs[:, 2][indices] for xs[indices, 2]"
        )
    for index, axis in reversed(axes):
        y = take(y, index, axis)
    return y


def write(x: Base, key: Any, value: Any) -> None:
    """``x[key] = value``: the value x itself changes, and with it every name it has."""
    _check_home(x)
    if not x.shape:
        raise compile_error(f"a single {x.scalar} cannot be changed in place", "x = ... for the name x")
    new = x.operand(value)
    if new.scalar != x.scalar:
        raise compile_error(f"an element of type {x.scalar} cannot be set to {new.type}", f".to({x.scalar})")
    # Copies: the index and the value may change before the write is done again.
    parts = [part.copy() if isinstance(part, Base) else part for part in _parts(x, key)]
    journal.record(x)
    Write(parts, new.copy(), None)(x)


def _check_home(x: Base) -> None:
    """A circuit changes only what it made: other values outlive it, or belong to every trip of a loop."""
    tracing = TRACE.get()
    here = tracing or RUN.get()
    if here is None or here in (x.home, x.backend):
        return
    if tracing is not None and (not x.backend.public or tracing.is_inside(x.home)):
        raise compile_error(
            "a value from outside a repeat body cannot be changed inside it", "make it part of the state"
        )
    raise compile_error(
        f"this {x.type} is a constant made outside of the circuit", "x = x.copy() before it is changed"
    )


@dataclass(frozen=True)
class Write:
    """A write that happens where `condition` (always if None).

    What the branches of a secret `if` write is written again on that condition when they join: that costs
    no more than the write itself, where selecting whole arrays costs one AND per bit of every element.
    """

    parts: list[Part]
    new: Base
    condition: Base | None

    @property
    def secret(self) -> bool:
        """Whether an index is secret."""
        return any(isinstance(part, Base) for part in self.parts)

    def touched(self, x: Base) -> int:
        """How many elements may change."""
        return _places(x, self._plain).size

    @property
    def _plain(self) -> list[Part]:
        return [slice(None) if isinstance(part, Base) else part for part in self.parts]

    def only_if(self, condition: Any) -> Write:
        """The write, where this is true too."""
        both = condition if self.condition is None else self.condition & condition
        return Write(self.parts, self.new, both)

    def __call__(self, x: Base) -> None:
        """Change x."""
        axes, new = _secret_axes(self.parts), self.new
        if axes:
            new = _written(_moved(x, self._plain), axes, new, self.condition)
        elif self.condition is not None:
            before = _moved(x, self._plain)
            new = self.condition.choose(_fitted(new, before.shape), before)  # type: ignore[attr-defined]
        _replace(x, self._plain, new)
        journal.wrote(x, self)


def _parts(x: Base, key: Any) -> list[Part]:
    """One part per axis of x and per new axis: public values become NumPy's, secrets are checked."""
    parts = list(key) if isinstance(key, tuple) else [key]
    consumed = sum(_axes_of(part) for part in parts)
    if consumed > x.ndim:
        if not x.shape:
            raise compile_error(f"a single {x.scalar} has no elements", "x.bits()[i] for one of its bits")
        raise compile_error(f"too many indices for shape {x.shape}", f"at most {x.ndim}")
    rest = [slice(None)] * (x.ndim - consumed)
    place = next((i for i, part in enumerate(parts) if part is Ellipsis), len(parts))
    parts[place : place + 1] = rest
    axis, result = 0, []
    for part in parts:
        result.append(_part(part, x.shape[axis] if axis < x.ndim else 1))
        axis += _axes_of(part)
    return result


def _axes_of(part: Part) -> int:
    """How many axes a part of an index takes up."""
    if part is None or part is Ellipsis:
        return 0
    if isinstance(part, Base):
        return part.ndim if part.scalar.kind == BOOL else 1
    array = part if isinstance(part, slice) else np.asarray(part)
    return array.ndim if isinstance(array, np.ndarray) and array.dtype == np.bool_ else 1


def _part(part: Part, size: int) -> Part:
    if isinstance(part, slice):
        return slice(_public(part.start), _public(part.stop), _public(part.step))
    if not isinstance(part, Base):
        return np.asarray(part) if isinstance(part, list) else part
    if part.scalar.kind not in (UINT, BOOL) and not part.backend.public:
        raise compile_error(
            f"a secret index is a UInt, not {part.scalar}", f"i.to(UInt[{max(1, ceil_log2(size))}])"
        )
    if part.scalar.kind == UINT:
        if not part.backend.public:
            _check_plain(part, size)
            return part
        return _plain(np.frompyfunc(lambda i: indexing.effective(i, size), 1, 1)(part.data), np.int64)
    if not part.backend.public:
        raise compile_error(
            "a secret Bool cannot be an index: how many elements it takes would show",
            "where(mask, xs, 0); i.to(UInt[1]) for an index that is 0 or 1",
        )
    return _plain(part.data, np.bool_ if part.scalar.kind == BOOL else np.int64)


def _check_plain(index: Base, size: int) -> None:
    """A secret integer without a declared type is checked as Python's own are: it must be in range."""
    from gc2pc.lang.exact import Exact

    if isinstance(index, Exact) and index.high >= size:
        raise compile_error(
            f"an index from {index.low} to {index.high} is out of range for {size} elements",
            f".to(UInt[{max(1, ceil_log2(size))}]), which wraps",
        )


def _plain(data: Any, kind: Any) -> Any:
    array: NDArray[Any] = np.asarray(data).astype(kind)
    return array if array.shape else array.item()


def _public(bound: Any) -> Any:
    """The bound of a slice."""
    if isinstance(bound, Base):
        if not bound.backend.public:
            raise compile_error(
                "a secret value cannot be the bound of a slice: its length would show",
                "a public slice, and where(...) for what is not wanted",
            )
        return bound.__index__()  # type: ignore[attr-defined]
    return bound


def _secret_axes(parts: list[Part]) -> list[tuple[Base, int]]:
    """Secret indices with their axes in what the public parts leave."""
    axes, axis = [], 0
    for part in parts:
        if isinstance(part, Base):
            if any(isinstance(other, np.ndarray) for other in parts):
                raise compile_error(
                    "secret indices and public index arrays do not mix", "one after the other: xs[rows][i]"
                )
            axes.append((part, axis))
        axis += not isinstance(part, int | np.integer)
    return axes


def _moved(x: Base, parts: list[Part]) -> Base:
    key = (*parts, Ellipsis)  # keeps a single element an array of no dimensions, a view
    try:
        return x.moved(lambda array: array[key])
    except (IndexError, ValueError) as error:
        raise compile_error(f"{error} (shape {x.shape})") from None


# -- reading -----------------------------------------------------------------------------------------


def take(x: Base, index: Base, axis: int) -> Base:
    """Elements along an axis at UInt indices of any shape, which replaces the axis in the result's shape."""
    front = x.moved(lambda array: np.moveaxis(array, axis, 0))
    n, rest = front.shape[0], front.shape[1:]
    backend = backend_of(front, index)
    shape = (*index.shape, *rest)
    if front.backend.public and not rest and not index.backend.public:
        return look_up(front, index)
    if backend.public:
        data = front.data[
            np.frompyfunc(lambda i: indexing.effective(i, n), 1, 1)(index.data).astype(np.int64)
        ]
        data = np.asarray(data, dtype=object).reshape(shape)
    else:
        assert isinstance(backend, TracedBackend)
        data = indexing.read(
            backend.graph, front.data_for(backend), n, prod(rest), index.data_for(backend), index.size
        )
    result = front.make(front.scalar, shape, backend, data, (front.low, front.high))
    if axis == 0:
        return result
    ahead = tuple(range(index.ndim))
    return result.moved(lambda array: np.moveaxis(array, ahead, tuple(axis + i for i in ahead)))


def look_up(table: Base, index: Base) -> Base:
    """Elements of a public array of one dimension; cost: see `gadgets.lookup`."""
    n = table.shape[0]
    bits = ceil_log2(n)
    raw = [int(table.data[indexing.effective(i, n)]) for i in range(1 << bits)]
    width = table.scalar.bits

    def gates(graph: Graph, wires: Wires) -> Wires:
        used = (wires + [0] * bits)[:bits]
        return lookup.look_up(graph, used, raw, width)

    operation = Operation("[]", lambda i: raw[i % len(raw)], gates, (table.scalar,))
    return table.operate(operation, index, intervals=[(table.low, table.high)])[0]


# -- writing -----------------------------------------------------------------------------------------


def one_hot(index: Base, n: int, enable: Base | None = None) -> Base:
    """Bools of shape (n, *index.shape): which element of n the UInt index means, none unless `enable`."""
    backend = backend_of(index) if enable is None else backend_of(index, enable)
    shape = (n, *index.shape)
    if backend.public:
        meant = np.frompyfunc(lambda i: indexing.effective(i, n), 1, 1)(index.data)
        places = np.arange(n).reshape(n, *([1] * index.ndim))
        data: Any = np.asarray(places == np.asarray(meant)).astype(int).astype(object).reshape(shape)
    else:
        assert isinstance(backend, TracedBackend)
        root = TRUE if enable is None else enable.data_for(backend)[0]
        data = [indexing.one_hot(backend.graph, index.data_for(backend), n, index.size, enable=root)]
    return index.make(Bool, shape, backend, data)


def _written(block: Base, axes: list[tuple[Base, int]], new: Base, condition: Base | None) -> Base:
    """The block with `new` where all secret indices and the condition say so."""
    if any(index.shape for index, _ in axes):
        raise compile_error(
            "an array of secret indices cannot be written to at once",
            "for k in range(n): xs[indices[k]] = v[k]",
        )
    chosen: Any = None
    for index, axis in axes:
        size = block.shape[axis]
        shape = tuple(size if i == axis else 1 for i in range(block.ndim))
        code: Any = _reshaped(one_hot(index, size, condition if chosen is None else None), shape)
        chosen = code if chosen is None else chosen & code
    gone = tuple(axis for _, axis in axes)
    inner = tuple(size for axis, size in enumerate(block.shape) if axis not in gone)
    value = _fitted(new, inner).moved(lambda array: np.expand_dims(array, gone))
    result: Base = chosen.choose(value, block)
    return result


def _reshaped(x: Base, shape: Shape) -> Base:
    return x.moved(lambda array: array.reshape(shape))


def _fitted(value: Base, shape: Shape) -> Base:
    try:
        return value.broadcast(shape)
    except ValueError:
        raise compile_error(f"a value of shape {value.shape} does not fit into {shape}") from None


def _replace(x: Base, parts: list[Part], new: Base) -> None:
    """Set the elements of x at a public index."""
    target = _places(x, parts)
    new = _fitted(new, target.shape)
    places = target.reshape(-1)
    whole = np.unique(places).size == x.size
    low, high = (new.low, new.high) if whole else (min(x.low, new.low), max(x.high, new.high))
    backend = backend_of(x, new)
    order = np.arange(x.size, dtype=np.int64)
    if (np.diff(places) == 1).all():  # in a row: what is before and after stays, which needs no index table
        around = (0, int(places[0])), (int(places[-1]) + 1, x.size)
        before, after = ([_run(x, *ends)] if ends[0] < ends[1] else [] for ends in around)
        pieces = [*before, new, *after]
    else:
        order[places] = x.size + np.arange(places.size)
        pieces = [x, new]
    shape = x.shape
    data = backend.concatenate(
        [(piece.data_for(backend), piece.shape) for piece in pieces],
        shape,
        lambda flat: (flat if flat.size == order.size else flat[order]).reshape(shape),
    )
    journal.note(x)
    x.backend, x.data, x.low, x.high = backend, data, low, high


def _places(x: Base, parts: list[Part]) -> NDArray[np.int64]:
    """The numbers of the elements at a public index."""
    places = np.arange(x.size, dtype=np.int64).reshape(x.shape)
    try:
        return places[(*parts, Ellipsis)]
    except (IndexError, ValueError) as error:
        raise compile_error(f"{error} (shape {x.shape})") from None


def _run(x: Base, start: int, stop: int) -> Base:
    return x.moved(lambda array: array.reshape(-1)[start:stop])
