"""Structures of values: nested tuples and lists, with None for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def leaves(tree: Any) -> list[Any]:
    """The leaves from left to right."""
    if tree is None:
        return []
    if isinstance(tree, tuple | list):
        return [leaf for branch in tree for leaf in leaves(branch)]
    return [tree]


def rebuild(tree: Any, values: Iterator[Any]) -> Any:
    """A structure like `tree` with its leaves replaced in order."""
    if tree is None:
        return None
    if isinstance(tree, tuple | list):
        return type(tree)(rebuild(branch, values) for branch in tree)
    return next(values)


def outline(tree: Any) -> str:
    """The structure as text, for errors: ``(UInt[8], (Bool, None))``."""
    if isinstance(tree, tuple | list):
        return f"({', '.join(outline(branch) for branch in tree)})"
    return str(getattr(tree, "type", type(tree).__name__))
