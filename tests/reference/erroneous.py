"""Programs that cannot become circuits, and what their errors must say."""

from __future__ import annotations

import enum
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from gc2pc.lang import Array, Bool, Both, Bytes, Fixed, Int, UInt, parties

alice, bob = parties("alice", "bob")


class Color(enum.Enum):
    RED = 1
    GREEN = 2
    BLUE = 3


class Size(enum.Enum):
    SMALL = 1
    LARGE = 2


@dataclass
class Point:
    x: Any
    y: Any


TYPES = {
    "a": UInt[8] @ alice,
    "b": UInt[8] @ bob,
    "xs": Array[UInt[8], 4] @ alice,
    "ys": Array[UInt[8], 2, 3] @ bob,
    "s": Int[8] @ bob,
    "f": Fixed[4, 4] @ bob,
    "c": Color @ alice,
    "d": Size @ bob,
    "q": Bytes[4] @ alice,
    "h": Bool @ bob,
}


class Erroneous(NamedTuple):
    """A function whose line `# here` fails.

    Attributes:
        function: Of any of the parameters in `TYPES`.
        message: Part of the message.
        suggestion: Part of the suggestion; None if there is none.
        under: The text under the caret.
    """

    function: Callable[..., Any]
    message: str
    suggestion: str | None
    under: str


PROGRAMS: list[Erroneous] = []


def erroneous(message: str, suggestion: str | None, under: str) -> Callable[[Callable[..., Any]], None]:
    """Adds a function to `PROGRAMS`."""

    def register(function: Callable[..., Any]) -> None:
        function.__annotations__ = {name: TYPES[name] for name in inspect.signature(function).parameters}
        function.__annotations__["return"] = UInt[8] @ Both
        PROGRAMS.append(Erroneous(function, message, suggestion, under))

    return register
