"""Lists, dicts and objects that a secret chose: ``z = p if secret else q``.

In Python z is p or q, and what is changed in one shows in the other. In a circuit z is a copy; as long as
none of them changes, nobody can tell. Nothing sees a change as it happens, so it is looked for afterwards.
"""

from __future__ import annotations

from typing import Any

from gc2pc.errors import CompileError
from gc2pc.lang.backend import TRACE
from gc2pc.lang.control.reach import attributes
from gc2pc.lang.source import source_line, user_frame


class Choice:
    """One that was chosen, those it was chosen from, and what they held."""

    __slots__ = ("contents", "items", "location", "name", "source")

    def __init__(self, name: str, items: tuple[Any, ...]) -> None:
        self.name, self.items = name, items
        frame = user_frame()
        self.location = f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else None
        self.source = source_line(frame.f_code, frame.f_lineno, frame.f_globals) if frame else None
        self.contents = [_contents(item) for item in items]


def _contents(item: Any) -> list[Any]:
    if isinstance(item, list):
        return list(item)
    found = item if isinstance(item, dict) else attributes(item)
    return [*found, *found.values()]


def chosen(name: str, result: Any, then: Any, otherwise: Any) -> Any:
    """The result, which a secret chose from two others."""
    tracing: Any = TRACE.get()
    if tracing is not None and not isinstance(result, tuple):
        tracing.links.choices.append(Choice(name, (result, then, otherwise)))
    return result


def check() -> None:
    """Whether all are what they were when they were chosen.

    Raises:
        CompileError: One of them was changed, which Python would show in another one.
    """
    tracing: Any = TRACE.get()
    for choice in tracing.links.choices if tracing is not None else ():
        for item, before in zip(choice.items, choice.contents, strict=True):
            after = _contents(item)
            if len(before) != len(after) or any(x is not y for x, y in zip(before, after, strict=True)):
                raise _changed(choice, type(item).__name__)


def _changed(choice: Choice, kind: str) -> CompileError:
    """The error, pointing at where it was chosen: where it changed is not known."""
    return CompileError(
        f"{choice.name} is one of two of kind {kind}, chosen by a secret; it or one of these is changed "
        "later, and in Python the change shows in both",
        location=choice.location,
        source=choice.source,
        suggestion="copy.copy(...) of what was chosen before it is changed; or change each of the two under "
        "an `if`, and choose then",
    )


def renew() -> None:
    """What branches changed was taken back or selected: from here on these contents count."""
    tracing: Any = TRACE.get()
    for choice in tracing.links.choices if tracing is not None else ():
        choice.contents = [_contents(item) for item in choice.items]
