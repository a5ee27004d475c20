"""From a function's annotations to its secret parameters, static parameters and results."""

from __future__ import annotations

import inspect
import types as python_types
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, get_args, get_origin

from gc2pc.errors import CompileError
from gc2pc.lang.party import Owned, Owner, Party, _Both
from gc2pc.lang.source import code_location
from gc2pc.lang.types import Type

_STATIC_TYPES: Final = (int, float, bool, str, tuple, bytes)


@dataclass(frozen=True)
class Parameter:
    """One parameter of a program.

    Attributes:
        name: As written.
        type: A `Type`, or the plain Python type of a static parameter.
        owner: Who passes it; None for a static parameter.
        default: `inspect.Parameter.empty` if there is none; only static parameters have one.
    """

    name: str
    type: Any
    owner: Owner | None
    default: Any = inspect.Parameter.empty

    @property
    def static(self) -> bool:
        """Bound when the program is compiled; part of the digest."""
        return self.owner is None


@dataclass(frozen=True)
class Output:
    """One leaf of the result: its port's name, type and recipients."""

    name: str
    type: Type
    recipient: Owner


@dataclass(frozen=True)
class Signature:
    """Everything the annotations say. `structure` nests tuples; its leaves are the outputs, in order."""

    parameters: tuple[Parameter, ...]
    structure: Any
    outputs: tuple[Output, ...]
    pair: tuple[Party, Party]


class _Errors:
    """Errors that point at the function's definition."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.name = function.__name__
        self.location = code_location(function.__code__)

    def __call__(self, message: str, suggestion: str | None = None) -> CompileError:
        return CompileError(f"{self.name}: {message}", location=self.location, suggestion=suggestion)


def read_signature(
    function: Callable[..., Any], scope: Mapping[str, Any], pair: tuple[Party, Party] | None
) -> Signature:
    """The signature of `function`; annotations that are text are evaluated in `scope`.

    Raises:
        CompileError: An annotation is missing, cannot be evaluated, or names no owner.
    """
    error = _Errors(function)
    annotations = _annotations(function, scope, error)
    parameters = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise error(
                f"*{name} cannot be a parameter of a circuit", "one parameter, or an Array, per input"
            )
        if name not in annotations:
            raise error(f"parameter {name!r} has no annotation", f"{name}: UInt[32] @ alice")
        parameters.append(_parameter(name, annotations[name], parameter.default, error))
    if "return" not in annotations:
        raise error("the result has no annotation", "-> Bool @ Both")
    outputs: list[Output] = []
    structure = _result(annotations["return"], None, "result", outputs, error)
    if not outputs:
        raise error("nothing is returned", "-> Bool @ Both")
    owners = [p.owner for p in parameters if p.owner is not None] + [o.recipient for o in outputs]
    return Signature(tuple(parameters), structure, tuple(outputs), _pair(owners, pair, error))


def _annotations(function: Callable[..., Any], scope: Mapping[str, Any], error: _Errors) -> dict[str, Any]:
    try:
        raw = dict(function.__annotations__)
    except NameError as unresolved:  # Python 3.14 evaluates annotations only now
        raise error(f"an annotation uses the unknown name {unresolved.name!r}", _IMPORT_HINT) from None
    for name, annotation in raw.items():
        if isinstance(annotation, str):
            raw[name] = _evaluate(annotation, function, scope, error)
    return raw


_IMPORT_HINT: Final = (
    "import the type from gc2pc, define the parties above the function, and quote symbolic sizes: "
    'Array[UInt[32], "n"]'
)


def _evaluate(text: str, function: Callable[..., Any], scope: Mapping[str, Any], error: _Errors) -> Any:
    try:
        # An annotation is code of the user's own file, as if Python had evaluated it there.
        return eval(text, dict(function.__globals__), {**_closure(function), **scope})  # noqa: S307
    except NameError as unresolved:
        raise error(
            f"the annotation {text!r} uses the unknown name {unresolved.name!r}", _IMPORT_HINT
        ) from None
    except CompileError:
        raise
    except Exception as failure:  # noqa: BLE001  (whatever user code raises)
        raise error(f"the annotation {text!r} cannot be evaluated: {failure}") from None


def _closure(function: Callable[..., Any]) -> dict[str, Any]:
    """What the function's body sees of enclosing functions; a name that is not assigned yet is left out."""
    found = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with suppress(ValueError):
            found[name] = cell.cell_contents
    return found


def _parameter(name: str, annotation: Any, default: Any, error: _Errors) -> Parameter:
    if isinstance(annotation, Owned):
        if isinstance(annotation.who, _Both):
            raise error(f"parameter {name!r} cannot belong to both", f"{name}: {annotation.type} @ alice")
        if not isinstance(annotation.type, Type):
            raise error(f"parameter {name!r} has no secret type: {annotation.type!r}")
        if default is not inspect.Parameter.empty:
            raise error(f"the secret parameter {name!r} has a default value", "pass it as an input")
        return Parameter(name, annotation.type, annotation.who)
    if isinstance(annotation, Type):
        raise error(f"nobody owns parameter {name!r}", f"{name}: {annotation} @ alice")
    if annotation in _STATIC_TYPES:
        return Parameter(name, annotation, None, default)
    raise error(
        f"parameter {name!r} has the annotation {annotation!r}: neither a secret nor a static type",
        f"{name}: UInt[32] @ alice, or {name}: int for a public parameter",
    )


def _result(annotation: Any, who: Owner | None, name: str, outputs: list[Output], error: _Errors) -> Any:
    """The structure of outputs; an outer owner holds for everything inside that names none."""
    if isinstance(annotation, Owned):
        return _result(annotation.type, annotation.who, name, outputs, error)
    if isinstance(annotation, Type):
        if who is None:
            raise error(f"nobody receives {name} of type {annotation}", f"-> {annotation} @ Both")
        outputs.append(Output(name, annotation, who))
        return outputs[-1]
    if get_origin(annotation) is tuple or isinstance(annotation, tuple):
        parts = annotation if isinstance(annotation, tuple) else get_args(annotation)
        if Ellipsis in parts:
            raise error("a result tuple lists its parts one by one", "-> tuple[UInt[8], Bool] @ Both")
        return tuple(_result(part, who, f"{name}.{i}", outputs, error) for i, part in enumerate(parts))
    shown = annotation.__name__ if isinstance(annotation, type | python_types.FunctionType) else annotation
    raise error(f"the result's annotation {shown!r} is no secret type", "-> UInt[32] @ Both")


def _pair(owners: list[Owner], pair: tuple[Party, Party] | None, error: _Errors) -> tuple[Party, Party]:
    declared = {owner.pair for owner in owners if isinstance(owner, Party)}
    if pair is not None:
        declared.add(pair[0].pair)
    if len(declared) > 1:
        raise error("the annotations mix parties of different `parties(...)` declarations")
    if not declared:
        raise error("no annotation names a party", "@circuit(parties=(alice, bob))")
    names = declared.pop()
    return Party(names[0], 0, names), Party(names[1], 1, names)
