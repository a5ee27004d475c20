"""Selecting between what two branches left behind.

Values are selected by gates; structures part by part; what is equal on both sides stays as it is. What cannot
be selected (a name that only one branch binds, values of different types) becomes `Undefined`: harmless until
it is used, and then an error that says why.

What is selected from two lists, dicts, objects or arrays is a new one. With ``best = p if secret else q`` and
then ``best.x = 1`` plain Python would change p or q, so that such changes are errors (`choices`, `aliases`).
"""

from __future__ import annotations

import dataclasses
import enum
from fractions import Fraction
from typing import Any, Final

import numpy as np

from gc2pc.lang import aliases, exact
from gc2pc.lang.base import Base, held_by
from gc2pc.lang.control import choices
from gc2pc.lang.control.undefined import UNSET, Undefined
from gc2pc.lang.enums import enum_type
from gc2pc.lang.exact import Exact
from gc2pc.lang.tree import attributes, joined

_PLAIN: Final = (bool, int, float, Fraction, np.generic)


def merge(condition: Any, then: Any, otherwise: Any, name: str) -> Any:
    """What `name` is after a secret `if`: `then` where the Bool `condition` holds, else `otherwise`."""
    if then is otherwise or otherwise is UNSET:
        return then
    if then is UNSET:
        return otherwise
    for side in (then, otherwise):
        if isinstance(side, Undefined):
            return side
    if _wraps(then, otherwise) or _wraps(otherwise, then):
        kinds = f"is {describe(then)} in one branch and {describe(otherwise)} in the other"
        return Undefined(name, f"{kinds}, and NumPy's integers wrap", "int(x) in both branches")
    exactly = None if _is_bool(then) or _is_bool(otherwise) else exact.select(condition, then, otherwise)
    if exactly is not None:
        return then if _same_constant(then, otherwise) else exactly
    if isinstance(then, Base) or isinstance(otherwise, Base):
        return _values(condition, then, otherwise, name)
    if isinstance(then, enum.Enum) and type(then) is type(otherwise):
        return _enums(condition, then, otherwise)
    if isinstance(then, _PLAIN) and isinstance(otherwise, _PLAIN):
        return _constants(condition, then, otherwise, name)
    parts = _parts(then, otherwise)
    if parts is not None:
        result = joined(then, [merge(condition, a, b, f"{name}{where}") for where, a, b in parts])
        return choices.chosen(name, result, then, otherwise)
    if _equal(then, otherwise):
        return then
    return Undefined(
        name,
        f"is {describe(then)} in one branch and {describe(otherwise)} in the other",
        "the same kind of value in both branches",
    )


def _values(condition: Any, then: Any, otherwise: Any, name: str) -> Any:
    first, second = (then, otherwise) if isinstance(then, Base) else (otherwise, then)
    if isinstance(second, Exact) or isinstance(first, Exact):
        same = first.shape == second.shape == ()
    elif isinstance(second, Base):
        same = first.scalar == second.scalar and first.shape == second.shape
    else:
        same = isinstance(second, (*_PLAIN, enum.Enum)) and not first.shape
    if same:
        result = condition.choose(then, otherwise)
        if isinstance(second, Base):
            aliases.link(result, first, second)
        return result
    kinds = f"{describe(then)} in one branch and {describe(otherwise)} in the other"
    return Undefined(name, f"is {kinds}", _alike(first, second))


def _alike(first: Base, second: Any) -> str:
    """How two things that cannot be selected from might be made alike."""
    if isinstance(second, Base) and first.shape == second.shape:
        return f"the same type in both, as with .to({held_by(first.scalar, second.scalar)})"
    if isinstance(second, Base):
        return "arrays of one shape in both branches"
    if isinstance(second, Undefined) or second is None:
        return f"a {first.type} in both branches, and a Bool beside it that says whether it counts"
    return f"a {first.type} in both branches"


def _enums(condition: Any, then: enum.Enum, otherwise: enum.Enum) -> Any:
    kind = enum_type(type(then))
    return condition.choose(kind(then), kind(otherwise))


def _constants(condition: Any, then: Any, otherwise: Any, name: str) -> Any:
    if isinstance(then, bool | np.bool_) and isinstance(otherwise, bool | np.bool_):
        if bool(then) == bool(otherwise):
            return then
        return condition if then else ~condition
    if _same_constant(then, otherwise):
        return then
    suggestion = f"a typed constant, such as Fixed[16, 16]({then!r})"
    problem = f"is the plain {then!r} in one branch and {otherwise!r} in the other, without a type"
    return Undefined(name, problem, suggestion)


def _wraps(one: Any, other: Any) -> bool:
    """Whether `one` is an integer of NumPy's, and no constant for a type that `other` has."""
    typed = isinstance(other, Base) and not isinstance(other, Exact)
    return isinstance(one, np.integer) and not typed and not _same_constant(one, other)


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool | np.bool_)


def _same_constant(then: Any, otherwise: Any) -> bool:
    return isinstance(then, _PLAIN) and type(then) is type(otherwise) and bool(then == otherwise)


def _parts(then: Any, otherwise: Any) -> list[tuple[str, Any, Any]] | None:
    """(where, part of one, part of the other) of two structures of one form; None if they have none."""
    if type(then) is not type(otherwise):
        return None
    if isinstance(then, tuple | list) and len(then) == len(otherwise):
        return [(f"[{i}]", a, b) for i, (a, b) in enumerate(zip(then, otherwise, strict=True))]
    if isinstance(then, dict) and list(then) == list(otherwise):  # the order of the keys is public
        return [(f"[{key!r}]", then[key], otherwise[key]) for key in then]
    if dataclasses.is_dataclass(then) and set(attributes(then)) == set(attributes(otherwise)):
        return [(f".{name}", getattr(then, name), getattr(otherwise, name)) for name in attributes(then)]
    return None


def _equal(then: Any, otherwise: Any) -> bool:
    """Whether two things without secrets in them are the same."""
    if type(then) is not type(otherwise):
        return False
    if isinstance(then, np.ndarray):
        return bool(np.array_equal(then, otherwise))
    if isinstance(then, str | bytes | frozenset | range | slice | set):
        return bool(then == otherwise)
    return False


def describe(value: Any) -> str:
    """A value's type, for errors."""
    if isinstance(value, Base):
        return str(value.type)
    if value is None:
        return "None"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    return f"{value!r}" if isinstance(value, (*_PLAIN, str)) else f"a {type(value).__name__}"
