"""From a function's annotations to its secret parameters, static parameters and results."""

from __future__ import annotations

import inspect
import sys
import types as python_types
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from gc2pc.errors import CompileError
from gc2pc.lang.definition import RESULT, definition_error
from gc2pc.lang.party import Owned, Owner, Party, _Both
from gc2pc.lang.structures import Record, field_types, is_record, parts_of, secret_type
from gc2pc.lang.tree import Leaf, leaves
from gc2pc.lang.types import Type

_STATIC_TYPES: Final = (int, float, bool, str, tuple, bytes)


@dataclass(frozen=True)
class Parameter(Leaf):
    """One parameter of a program, or one leaf of a parameter that is a structure.

    Attributes:
        name: As written; ``p.x`` for the field x of a parameter p.
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
class Output(Leaf):
    """One leaf of the result: its port's name, type and recipients."""

    name: str
    type: Type
    recipient: Owner


@dataclass(frozen=True)
class Signature:
    """Everything the annotations say.

    Attributes:
        parameters: Leaves of all arguments, in order.
        arguments: By name of an argument of the function: a parameter, or a structure of them.
        structure: The result: a structure whose leaves are the outputs, in order.
        outputs: The outputs.
        pair: The two parties.
    """

    parameters: tuple[Parameter, ...]
    arguments: Mapping[str, Any]
    structure: Any
    outputs: tuple[Output, ...]
    pair: tuple[Party, Party]

    @cached_property
    def by_name(self) -> dict[str, Parameter]:
        """The parameters."""
        return {parameter.name: parameter for parameter in self.parameters}

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """Names of all dimensions that are not numbers, in order of first appearance."""
        kinds = [p.type for p in self.parameters if not p.static] + [output.type for output in self.outputs]
        return tuple(dict.fromkeys(symbol for kind in kinds for symbol in kind.symbols))

    @cached_property
    def plain(self) -> bool:
        """No argument is a structure, and nothing is left to bind: neither sizes nor static parameters."""
        leaves_only = all(self.by_name.get(name) is part for name, part in self.arguments.items())
        return leaves_only and not self.symbols and not any(p.static for p in self.parameters)


class _Errors:
    """Errors that point at the function's definition."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.part: str | None = None

    def __call__(self, message: str, suggestion: str | None = None) -> CompileError:
        return definition_error(self.function, message, suggestion, self.part)


def read_signature(
    function: Callable[..., Any], scope: Mapping[str, Any], pair: tuple[Party, Party] | None
) -> Signature:
    """The signature of `function`; annotations that are text are evaluated in `scope`.

    Raises:
        CompileError: An annotation is missing, cannot be evaluated, or names no owner.
    """
    error = _Errors(function)
    annotations = _annotations(function, scope, error)
    reader = _Reader(function, scope, error)
    arguments: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        error.part = name
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            stars = "*" if parameter.kind is parameter.VAR_POSITIONAL else "**"
            raise error(
                f"{stars}{name} cannot be a parameter of a circuit", "one parameter, or an Array, per input"
            )
        if name not in annotations:
            raise error(
                f"parameter {name!r} has no annotation",
                f"{name}: UInt[32] @ alice, or {name}: int for a public parameter",
            )
        arguments[name] = reader.argument(name, annotations[name], parameter.default)
    error.part = None
    if "return" not in annotations:
        raise error("the result has no annotation", "-> Bool @ Both")
    error.part = RESULT
    outputs: list[Output] = []
    structure = reader.result(annotations["return"], None, "result", outputs)
    if not outputs:
        raise error("nothing is returned", "-> Bool @ Both")
    error.part = None
    parameters = leaves(arguments)
    owners = [p.owner for p in parameters if p.owner is not None] + [o.recipient for o in outputs]
    return Signature(tuple(parameters), arguments, structure, tuple(outputs), _pair(owners, pair, error))


def _annotations(function: Callable[..., Any], scope: Mapping[str, Any], error: _Errors) -> dict[str, Any]:
    try:
        raw = dict(function.__annotations__)
    except NameError as unresolved:  # Python 3.14 evaluates annotations only now
        raise error(f"an annotation uses the unknown name {unresolved.name!r}", _IMPORT_HINT) from None
    for name, annotation in raw.items():
        error.part = name
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


class _Reader:
    """Annotations of arguments and results, down to the leaves of structures."""

    def __init__(self, function: Callable[..., Any], scope: Mapping[str, Any], error: _Errors) -> None:
        self.function, self.scope, self.error = function, scope, error

    def argument(self, name: str, annotation: Any, default: Any) -> Any:
        """The parameter, or a structure of them."""
        error = self.error
        if isinstance(annotation, Owned):
            if isinstance(annotation.who, _Both):
                raise error(f"parameter {name!r} cannot belong to both", f"{name}: {annotation.type} @ alice")
            if default is not inspect.Parameter.empty:
                raise error(f"the secret parameter {name!r} has a default value", "pass it as an input")
            return self._owned(name, annotation.type, annotation.who)
        if secret_type(annotation) or is_record(annotation) or parts_of(annotation):
            raise error(f"nobody owns parameter {name!r}", f"{name}: {_shown(annotation)} @ alice")
        if annotation in _STATIC_TYPES:
            return Parameter(name, annotation, None, default)
        raise error(
            f"parameter {name!r} has the annotation {annotation!r}: neither a secret nor a static type",
            f"{name}: UInt[32] @ alice, or {name}: int for a public parameter",
        )

    def _owned(self, name: str, annotation: Any, owner: Owner) -> Any:
        kind = secret_type(annotation)
        if kind is not None:
            return Parameter(name, kind, owner)
        return self._structure(
            annotation,
            lambda part, field: self._owned(f"{name}.{field}", part, owner),
            f"parameter {name!r} has no secret type: {_shown(annotation)}",
        )

    def result(self, annotation: Any, who: Owner | None, name: str, outputs: list[Output]) -> Any:
        """The structure of outputs; an outer owner holds for everything inside that names none."""
        if isinstance(annotation, Owned):
            return self.result(annotation.type, annotation.who, name, outputs)
        kind = secret_type(annotation)
        if kind is not None:
            if who is None:
                raise self.error(f"nobody receives {name} of type {kind}", f"-> {_shown(annotation)} @ Both")
            outputs.append(Output(name, kind, who))
            return outputs[-1]
        return self._structure(
            annotation,
            lambda part, field: self.result(part, who, f"{name}.{field}", outputs),
            f"the result's annotation {_shown(annotation)} is no secret type",
            "-> UInt[32] @ Both",
        )

    def _structure(
        self, annotation: Any, leaf: Callable[[Any, str], Any], problem: str, suggestion: str | None = None
    ) -> Any:
        """A tuple or a record, its parts made by ``leaf(annotation, field)``."""
        parts = parts_of(annotation)
        if parts is not None:
            if Ellipsis in parts:
                raise self.error("a tuple lists its parts one by one", "tuple[UInt[8], Bool] @ Both")
            return tuple(leaf(part, str(i)) for i, part in enumerate(parts))
        if not is_record(annotation):
            raise self.error(problem, suggestion)
        fields = field_types(annotation, self._evaluate_field)
        return Record(annotation, tuple(fields), tuple(leaf(kind, name) for name, kind in fields.items()))

    def _evaluate_field(self, text: str, record: Any) -> Any:
        module = sys.modules.get(record.__module__)
        scope = {**vars(module), **self.scope} if module else self.scope
        return _evaluate(text, self.function, scope, self.error)


def _shown(annotation: Any) -> str:
    """An annotation as its user wrote it, more or less."""
    named = isinstance(annotation, type | python_types.FunctionType)
    return repr(annotation.__name__) if named else str(annotation)


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
