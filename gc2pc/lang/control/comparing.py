"""Comparisons that Python's own operators cannot make on secrets: chains, ``in``, equality of structures."""

from __future__ import annotations

import dataclasses
import enum
import operator
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from gc2pc.lang.base import Base
from gc2pc.lang.control.branches import under
from gc2pc.lang.control.inspecting import elements as ordered
from gc2pc.lang.control.inspecting import used
from gc2pc.lang.control.truth import decision, joined
from gc2pc.lang.source import compile_error
from gc2pc.lang.tree import leaves
from gc2pc.lang.value import Value

_NATIVE: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "Lt": operator.lt,
    "LtE": operator.le,
    "Gt": operator.gt,
    "GtE": operator.ge,
    "Is": operator.is_,
    "IsNot": operator.is_not,
}


def compare(sign: str, x: Any, y: Any) -> Any:
    """``x sign y``."""
    if sign in ("Is", "IsNot"):
        return _NATIVE[sign](*_identities(x, y))
    if sign in _NATIVE:
        return _NATIVE[sign](x, y)
    if sign == "Eq":
        return _equal(x, y)
    if sign == "NotEq":
        return _not(_equal(x, y)) if _is_structure(x) or _is_structure(y) else x != y
    found = _contains(y, x)
    return found if sign == "In" else _not(found)


def _identities(x: Any, y: Any) -> tuple[Any, Any]:
    """Both sides of `is`, which must not tell a value from the constant that it may be."""
    for one, other in ((used(x), used(y)), (y, x)):
        constant = isinstance(other, bool | int | str | enum.Enum)
        if isinstance(one, Base) and (constant or isinstance(other, Base)):
            raise compile_error(f"`is` cannot compare {one.type} values", "x == y")
    return x, y


def chain(first: Any, *links: tuple[str, Callable[[], Any]]) -> Any:
    """``first sign1 second sign2 third``: every operand is evaluated at most once."""
    secret: Any = True
    left = first
    for sign, following in links:
        link = partial(_link, sign, left, following)
        left, result = link() if secret is True else under(secret, link)
        known = decision(result, "a chained comparison")
        if known is False:
            return result
        secret = joined(secret, known)
    return secret


def _link(sign: str, left: Any, following: Callable[[], Any]) -> tuple[Any, Any]:
    """The next operand of a chain, and how the one before it compares to it."""
    right = following()
    return right, compare(sign, left, right)


def _not(value: Any) -> Any:
    return ~value if isinstance(value, Value) else not value


def _is_structure(x: Any) -> bool:
    """A tuple, a list or a dataclass that compares its fields, with values in it."""
    if isinstance(x, tuple | list):
        return any(isinstance(leaf, Base) or _is_structure(leaf) for leaf in x)
    return _compares_fields(x) and any(isinstance(leaf, Base) for leaf in leaves(x))


def _compares_fields(x: Any) -> bool:
    """Whether its == is what `dataclass` made of its fields."""
    if not dataclasses.is_dataclass(x) or isinstance(x, type):
        return False
    code = getattr(type(x).__eq__, "__code__", None)
    return code is not None and code.co_filename == "<string>"


def _equality(kind: Any) -> Any:
    return kind.__eq__


def _compares_items(x: Any, kind: type, y: Any) -> bool:
    """Whether both are tuples, or lists, that compare as such: named tuples do, and most subclasses."""
    return all(isinstance(side, kind) and _equality(type(side)) is _equality(kind) for side in (x, y))


def _equal(x: Any, y: Any) -> Any:
    if not (_is_structure(x) or _is_structure(y)):
        return x == y
    sequences = _compares_items(x, tuple, y) or _compares_items(x, list, y)
    if not sequences and type(x) is not type(y):
        return False
    if not isinstance(x, tuple | list):
        names = [field.name for field in dataclasses.fields(x) if field.compare]
        x, y = [getattr(x, name) for name in names], [getattr(y, name) for name in names]
    if len(x) != len(y):
        return False
    return _all([_equal(a, b) for a, b in zip(x, y, strict=True)])


def _all(tests: list[Any]) -> Any:
    total: Any = True
    for test in tests:
        known = decision(test, "`==`")
        if known is False:
            return False
        total = joined(total, known)
    return total


def _contains(where: Any, item: Any) -> Any:
    """``item in where``."""
    if isinstance(where, Base):
        return (where == item).any() if where.shape else _single(where)
    if isinstance(item, Base) and isinstance(where, range):
        return _in_range(item, where)
    elements = list(ordered(where)) if isinstance(where, tuple | list | set | frozenset | dict) else None
    if elements is None or not (isinstance(item, Base) or _is_structure(item) or _is_structure(elements)):
        if isinstance(item, Base):
            raise compile_error(
                f"`in` cannot look for a secret in a {type(where).__name__}",
                "a tuple, a list, a set, a range or an Array",
            )
        return item in where
    found: Any = False
    for element in elements:
        known = decision(_equal(item, element), "`in`")
        if known is True:
            return True
        found = known if found is False else found if known is False else found | known
    return found


def _single(value: Base) -> Any:
    raise compile_error(f"`in` searches arrays, not a single {value.scalar}", "x == y for two single values")


def _in_range(item: Any, where: range) -> Any:
    if len(where) == 0:
        return False
    low, high = min(where), max(where)
    inside = (item >= low) & (item <= high)
    if abs(where.step) > 1:
        inside &= (item - low) % abs(where.step) == 0
    return inside
