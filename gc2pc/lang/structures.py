"""Dataclasses, named tuples and tuples of types: what an annotation may be beyond a single type.

A structure's leaves are ports of their own: the field x of a parameter p is the input ``p.x``.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any, ForwardRef, get_args, get_origin

from gc2pc.lang.enums import enum_type, is_enum
from gc2pc.lang.types import Type


@dataclasses.dataclass(frozen=True)
class Record:
    """The fields of a dataclass or a named tuple.

    Attributes:
        kind: The class.
        names: Its fields.
        parts: What stands for each.
    """

    kind: Any
    names: tuple[str, ...]
    parts: tuple[Any, ...]

    def build(self, parts: list[Any]) -> Any:
        """An object of the class with these fields, made without `__init__` and `__post_init__`.

        They ran where the object came from, and would change its fields once more. Fields that `__init__`
        does not take have their defaults.
        """
        if issubclass(self.kind, tuple):
            return tuple.__new__(self.kind, parts)
        made = object.__new__(self.kind)
        given = dict(zip(self.names, parts, strict=True))
        for field in dataclasses.fields(self.kind):
            if field.name in given:
                object.__setattr__(made, field.name, given[field.name])
            elif field.default_factory is not dataclasses.MISSING:
                object.__setattr__(made, field.name, field.default_factory())
            elif field.default is not dataclasses.MISSING:
                object.__setattr__(made, field.name, field.default)
        return made

    def take(self, value: Any) -> list[Any]:
        """The fields of an object of the class, or of a mapping with these keys.

        Raises:
            TypeError: It is neither.
        """
        if isinstance(value, Mapping) and set(value) == set(self.names):
            return [value[name] for name in self.names]
        if isinstance(value, self.kind):
            return [getattr(value, name) for name in self.names]
        fields = ", ".join(self.names)
        raise TypeError(f"{self.kind.__name__}({fields}), not a {type(value).__name__}")


def is_record(annotation: Any) -> bool:
    """Whether it is a dataclass or a named tuple (the class, not an object)."""
    if not isinstance(annotation, type):
        return False
    return dataclasses.is_dataclass(annotation) or (
        issubclass(annotation, tuple) and hasattr(annotation, "_fields")
    )


def field_types(annotation: Any, evaluate: Callable[[str, Any], Any]) -> dict[str, Any]:
    """Fields of a record with their annotations; text is evaluated by ``evaluate(text, class)``."""
    if dataclasses.is_dataclass(annotation):
        raw = {field.name: field.type for field in dataclasses.fields(annotation) if field.init}
    else:
        raw = dict(inspect.get_annotations(annotation))
    texts = {
        name: kind.__forward_arg__ if isinstance(kind, ForwardRef) else kind for name, kind in raw.items()
    }
    return {
        name: evaluate(kind, annotation) if isinstance(kind, str) else kind for name, kind in texts.items()
    }


def parts_of(annotation: Any) -> tuple[Any, ...] | None:
    """The parts of a tuple of types; None if it is none."""
    if get_origin(annotation) is tuple:
        return get_args(annotation)
    return annotation if isinstance(annotation, tuple) else None


def secret_type(annotation: Any) -> Type | None:
    """The secret type that an annotation names; None if it names none."""
    if is_enum(annotation):
        return enum_type(annotation)
    return annotation if isinstance(annotation, Type) else None
