"""Static parameters and symbolic sizes of one compilation."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from gc2pc.errors import InputError
from gc2pc.lang import tree
from gc2pc.lang.shares import Share
from gc2pc.lang.types import ArrayType, Type

if TYPE_CHECKING:
    from gc2pc.lang.program import Program


@dataclass(frozen=True)
class Binding:
    """What is public about one compilation.

    Attributes:
        program: Whose parameters they are.
        statics: Static parameters and sizes by name: what `Program.compile` takes.
        inputs: The secret inputs that were among the values.
    """

    program: Program
    statics: dict[str, Any]
    inputs: dict[str, Any] = field(repr=False)

    @property
    def key(self) -> tuple[Any, ...]:
        """Hashable identity of the compilation."""
        if not self.statics:
            return ()
        return tuple((name, _identity(value)) for name, value in sorted(self.statics.items()))

    @property
    def circuit_name(self) -> str:
        """``name(n=5)``: statics are in the circuit's name and so in its digest."""
        if not self.statics:
            return self.program.name
        listed = ", ".join(f"{name}={value!r}" for name, value in sorted(self.statics.items()))
        return f"{self.program.name}({listed})"

    @cached_property
    def types(self) -> dict[str, Type]:
        """Types of the secret parameters, sizes filled in as far as they are known."""
        return {p.name: self.resolve(p.type) for p in self.program.parameters if not p.static}

    def resolve(self, kind: Type) -> Type:
        """A type with the known sizes filled in."""
        if not kind.symbols:
            return kind
        sizes = {name: value for name, value in self.statics.items() if isinstance(value, int)}
        return kind.resolve(sizes)

    def check_complete(self) -> None:
        """Everything that the circuit needs is bound.

        Raises:
            InputError: A static parameter or a size is missing.
        """
        program = self.program
        needed = [*(p.name for p in program.parameters if p.static), *program.signature.symbols]
        missing = [name for name in needed if name not in self.statics]
        if missing:
            raise InputError(
                f"{program.name}: the public parameter {missing[0]!r} is missing; pass {missing[0]}=..."
            )


def _identity(value: Any) -> tuple[Any, ...]:
    """What tells a static apart: not ==, by which 0.0 is -0.0 and 1 is True."""
    if isinstance(value, tuple):
        return (type(value), *map(_identity, value))
    return type(value), repr(value)


def bind(program: Program, values: Mapping[str, Any]) -> Binding:
    """Sort `values` into statics and inputs, and take sizes from the inputs' shapes.

    Raises:
        InputError: A name is unknown, a static has the wrong type, or sizes contradict each other.
    """
    parameters, symbols = program.signature.by_name, program.signature.symbols
    if program.signature.plain and values.keys() <= parameters.keys():
        return Binding(program, {}, dict(values))
    values = flattened(program, values)
    statics: dict[str, Any] = {}
    inputs: dict[str, Any] = {}
    for name, value in values.items():
        parameter = parameters.get(name)
        if parameter is not None and not parameter.static:
            inputs[name] = value
        elif parameter is not None:
            statics[name] = _static(program.name, name, parameter.type, value)
        elif name in symbols:
            statics[name] = _static(program.name, name, int, value)
        else:
            known = ", ".join([*parameters, *sorted(set(symbols) - set(parameters))])
            raise InputError(f"{program.name} has no parameter {name!r}; it has {known}")
    for parameter in program.parameters:
        has_default = parameter.static and parameter.default is not inspect.Parameter.empty
        if has_default and parameter.name not in statics:
            statics[parameter.name] = parameter.default
    for name, value in inputs.items():
        _sizes(program.name, name, parameters[name].type, value, statics)
    return Binding(program, statics, inputs)


def flattened(program: Program, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with those of structures replaced by their leaves: ``p`` by ``p.x`` and ``p.y``.

    Raises:
        InputError: A value does not have its parameter's structure.
    """
    flat: dict[str, Any] = {}
    for name, value in values.items():
        schema = program.signature.arguments.get(name)
        if tree.branches(schema) and schema is not None:
            try:
                items = tree.flatten(schema, value)
            except TypeError as error:
                raise InputError(f"{program.name}: input {name!r}: expected {error}") from None
            flat |= {leaf.name: item for leaf, item in zip(tree.leaves(schema), items, strict=True)}
        else:
            flat[name] = value
    return flat


def _static(program: str, name: str, kind: type, value: Any) -> Any:
    if kind is int and isinstance(value, np.integer):
        value = int(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise InputError(f"{program}: {name!r} is a public {kind.__name__}, got a {type(value).__name__}")
    return value


def _sizes(program: str, name: str, kind: Type, value: Any, statics: dict[str, Any]) -> None:
    """Take the sizes of symbolic dimensions from a value's shape, unless it clearly does not fit."""
    if not isinstance(kind, ArrayType) or not kind.symbols:
        return
    try:
        shape = value.type.shape if isinstance(value, Share) else kind.shape_of(value)
    except ValueError:  # ragged: encoding will say so
        return
    if len(shape) == len(kind.dims) + 1:  # batched
        shape = shape[1:]
    if len(shape) != len(kind.dims):
        raise InputError(f"{program}: input {name!r} has the type {kind}; got {len(shape)} dimensions")
    for dim, size in zip(kind.dims, shape, strict=True):
        if isinstance(dim, str) and statics.setdefault(dim, int(size)) != size:
            raise InputError(
                f"{program}: the size {dim} is {statics[dim]}, but input {name!r} has {size} there"
            )
