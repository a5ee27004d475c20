"""Structures of values: nested tuples, lists, dicts, named tuples and dataclasses, with None for nothing."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator
from typing import Any

from gc2pc.lang.structures import Record


class Leaf:
    """Base of dataclasses that are leaves themselves."""

    __slots__ = ()


def branches(tree: Any) -> list[Any] | None:
    """The parts of a structure; None for a leaf."""
    if tree is None:
        return []
    if isinstance(tree, Record):
        return list(tree.parts)
    if isinstance(tree, tuple | list):
        return list(tree)
    if isinstance(tree, dict):
        return list(tree.values())
    if dataclasses.is_dataclass(tree) and not isinstance(tree, Leaf | type):
        return [getattr(tree, name) for name in attributes(tree)]
    return None


def attributes(tree: Any) -> list[str]:
    """The names of a dataclass object's fields, and of what else was set on it."""
    fields = [field.name for field in dataclasses.fields(tree) if hasattr(tree, field.name)]
    return list(dict.fromkeys([*fields, *getattr(tree, "__dict__", ())]))


def joined(tree: Any, parts: list[Any]) -> Any:
    """A structure of the same form with these parts; no `__init__` or `__post_init__` runs again."""
    if tree is None:
        return None
    if isinstance(tree, Record):
        return tree.build(parts)
    if isinstance(tree, tuple):
        return tuple.__new__(type(tree), parts)
    made = copy.copy(tree)
    if isinstance(tree, list):
        made[:] = parts
    elif isinstance(tree, dict):
        for key, part in zip(tree, parts, strict=True):
            made[key] = part
    else:
        for name, part in zip(attributes(tree), parts, strict=True):
            object.__setattr__(made, name, part)  # frozen or not
    return made


def leaves(tree: Any) -> list[Any]:
    """The leaves from left to right."""
    parts = branches(tree)
    return [tree] if parts is None else [leaf for part in parts for leaf in leaves(part)]


def rebuild(tree: Any, values: Iterator[Any]) -> Any:
    """A structure like `tree` with its leaves replaced in order."""
    parts = branches(tree)
    if parts is None:
        return next(values)
    return joined(tree, [rebuild(part, values) for part in parts])


def flatten(schema: Any, value: Any) -> list[Any]:
    """The leaves of a value that has the structure of `schema`, in the schema's order.

    Raises:
        TypeError: It has not; the text says what was expected, and shows no value.
    """
    parts = branches(schema)
    if parts is None:
        return [value]
    if isinstance(schema, Record):
        taken = schema.take(value)
    elif isinstance(value, tuple | list) and len(value) == len(parts):
        taken = list(value)
    else:
        size = f" of {len(value)}" if isinstance(value, tuple | list) else ""
        raise TypeError(f"a tuple of {len(parts)}, not a {type(value).__name__}{size}")
    return [leaf for part, item in zip(parts, taken, strict=True) for leaf in flatten(part, item)]


def outline(tree: Any) -> str:
    """The structure as text, for errors: ``(UInt[8], (Bool, None))``."""
    parts = branches(tree)
    if tree is not None and parts is not None:
        name = "" if isinstance(tree, tuple | list | dict) else type(tree).__name__
        return f"{name}({', '.join(outline(part) for part in parts)})"
    return str(getattr(tree, "type", type(tree).__name__))
