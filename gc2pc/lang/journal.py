"""What the branches of a secret `if` change in place, so that it can be taken back and selected.

Both branches run while a circuit is traced. A journal remembers the state that every value had before the
branch first changed it.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from gc2pc.lang.base import Base

State: TypeAlias = tuple[Any, ...]

_JOURNAL: Final[ContextVar[dict[int, tuple[Base, State]] | None]] = ContextVar("gc2pc_journal", default=None)


def record(value: Base) -> None:
    """To be called before a value is changed in place."""
    journal = _JOURNAL.get()
    if journal is not None:
        journal.setdefault(id(value), (value, value.state))


class Changes:
    """The values that change from now on until `undo`.

    Attributes:
        before: By identity: a value that changed, and its state before.
        after: The states of these values when `undo` was called.
    """

    def __init__(self) -> None:
        self.before: dict[int, tuple[Base, State]] = {}
        self.after: dict[int, State] = {}
        self._token = _JOURNAL.set(self.before)

    def undo(self) -> None:
        """Stop recording, and give all values the state they had before."""
        _JOURNAL.reset(self._token)
        for key, (value, state) in self.before.items():
            self.after[key] = value.state
            value.restore(state)


def select(condition: Any, first: Changes, second: Changes) -> None:
    """Give every value that either side changed the state it has on the side that `condition` selects."""
    for key, (value, before) in (second.before | first.before).items():
        sides = []
        for changes in (first, second):
            side = object.__new__(type(value))
            side.restore(changes.after.get(key, before))
            sides.append(side)
        record(value)
        value.restore(condition.choose(*sides).state)
