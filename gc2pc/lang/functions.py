"""Functions of the language: where, concatenate, stack, random_bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gc2pc.lang import exact
from gc2pc.lang.backend import TRACE, Backend
from gc2pc.lang.base import Base, backend_of, common_type
from gc2pc.lang.clear import CLEAR
from gc2pc.lang.source import compile_error
from gc2pc.lang.types import BOOL, Array, Bool, Scalar, Type
from gc2pc.lang.value import Value


def where(condition: Any, then: Any, otherwise: Any) -> Any:
    """`then` where the condition is true, else `otherwise`: one AND per bit; broadcasts like NumPy.

    >>> price = where(a > b, a, b)
    """
    if isinstance(condition, bool | np.bool_):
        condition = Bool(condition)
    if not isinstance(condition, Value):
        raise compile_error(
            f"where needs a Bool condition, not {type(condition).__name__}", "where(a > b, a, b)"
        )
    untyped = exact.select(condition, then, otherwise)
    return condition.choose(then, otherwise) if untyped is None else untyped


def _parts(arrays: Sequence[Any], name: str) -> list[Value]:
    """Values of one common type; plain ones adopt it."""
    items = list(arrays)
    items = exact.common(items) or items
    if not any(isinstance(item, Base) for item in items):
        raise compile_error(f"{name} needs at least one typed value", "UInt[8](1) for a constant")
    typed = [item for item in items if isinstance(item, Base)]
    first = next((item for item in typed if not isinstance(item, exact.Exact)), typed[0])
    values = [first.operand(item) for item in items]
    scalar = values[0].scalar
    for value in values[1:]:
        scalar = common_type(scalar, value.scalar)
    return [value.to(scalar) for value in values]  # type: ignore[misc]


def concatenate(arrays: Sequence[Any], axis: int = 0) -> Any:
    """Arrays joined along an existing axis, as in NumPy; free.

    >>> bids = concatenate([ours, theirs])
    """
    untyped = exact.untyped(arrays)
    values = _parts(arrays, "concatenate")
    ndim = values[0].ndim
    if ndim == 0:
        raise compile_error("concatenate joins arrays; these are single values", "stack([a, b])")
    if not -ndim <= axis < ndim:
        raise compile_error(f"axis {axis} is out of range for shape {values[0].shape}")
    fronts = [value.moved(lambda array: np.moveaxis(array, axis, 0)) for value in values]
    rest = fronts[0].shape[1:]
    if any(front.shape[1:] != rest for front in fronts):
        shapes = " and ".join(str(value.shape) for value in values)
        raise compile_error(f"concatenate along axis {axis} of shapes {shapes}")
    whole = (sum(front.shape[0] for front in fronts), *rest)
    backend = backend_of(*values)
    parts = [(front.data_for(backend), front.shape) for front in fronts]
    shape = np.moveaxis(np.broadcast_to(np.int8(0), whole), 0, axis).shape
    data = backend.concatenate(parts, shape, lambda flat: np.moveaxis(flat.reshape(whole), 0, axis))
    interval = (min(value.low for value in values), max(value.high for value in values))
    joined = Value.make(values[0].scalar, shape, backend, data, interval)
    return exact.Exact.of(joined) if untyped else joined


def stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    """Values of one shape joined along a new axis, as in NumPy; free.

    >>> pair = stack([a, b])
    """
    untyped = exact.untyped(arrays)
    values = _parts(arrays, "stack")
    ndim = values[0].ndim + 1
    if not -ndim <= axis < ndim:
        raise compile_error(f"axis {axis} is out of range for {ndim} dimensions")
    if any(value.shape != values[0].shape for value in values):
        raise compile_error("stack needs values of one shape", "concatenate([...])")
    joined = concatenate([value.moved(lambda array: np.expand_dims(array, axis)) for value in values], axis)
    return exact.Exact.of(joined) if untyped else joined


def random_bits(kind: Type = Bool, *shape: int) -> Any:
    """Uniform joint random bits as a value of type `kind`: neither party knows or chooses them.

    >>> coins = random_bits(UInt[8], 100)     # an Array[UInt[8], 100]
    """
    wanted = Array[(kind.element, *kind.shape, *shape)] if shape else kind
    backend: Backend = TRACE.get() or CLEAR
    data = backend.random(wanted.element, wanted.shape)
    return Value.make(wanted.element, wanted.shape, backend, data)


def from_bits(scalar: Scalar, bits: Any) -> Any:
    """See `Scalar.from_bits`."""
    value = bits if isinstance(bits, Value) else stack(bits, -1)
    if value.scalar.kind != BOOL or not value.shape or value.shape[-1] != scalar.bits:
        raise compile_error(f"{scalar}.from_bits takes {scalar.bits} Bools, not {value.type}")
    backend = backend_of(value)
    planes = [value[..., i].data_for(backend) for i in range(scalar.bits)]
    return Value.make(scalar, value.shape[:-1], backend, backend.from_bits(planes, scalar))
