"""What the branches of a secret `if` change in place, so that it can be taken back and selected.

Both branches run while a circuit is traced. A journal remembers the state that every value had before the
branch first changed it.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from gc2pc.lang import aliases

if TYPE_CHECKING:
    from gc2pc.lang.base import Base
    from gc2pc.lang.indexing import Write

State: TypeAlias = tuple[Any, ...]

_JOURNAL: Final[ContextVar[Changes | None]] = ContextVar("gc2pc_journal", default=None)


def record(value: Base) -> None:
    """To be called before the program changes a value in place."""
    note(value)
    for other in aliases.related(value):
        note(other)
        aliases.spoil(other)


def note(value: Base) -> None:
    """To be called before a value gets another state."""
    journal = _JOURNAL.get()
    if journal is not None:
        journal.before.setdefault(id(value), (value, value.state))


def wrote(value: Base, write: Write) -> None:
    """To be called after a value was changed by a write that can be done again."""
    journal = _JOURNAL.get()
    if journal is not None:
        journal.writes.setdefault(id(value), []).append(write)


def _selected(value: Base) -> None:
    """The value was changed by a selection, which no writes can repeat."""
    journal = _JOURNAL.get()
    if journal is not None:
        journal.writes[id(value)] = [None]


class Changes:
    """The values that change from now on until `undo`.

    Attributes:
        before: By identity: a value that changed, and its state before.
        after: The states of these values when `undo` was called.
        writes: By identity: what made the changes; None for a change that cannot be repeated.
    """

    def __init__(self) -> None:
        self.before: dict[int, tuple[Base, State]] = {}
        self.after: dict[int, State] = {}
        self.writes: dict[int, list[Write | None]] = {}
        self._token = _JOURNAL.set(self)

    def undo(self) -> None:
        """Stop recording, and give all values the state they had before."""
        _JOURNAL.reset(self._token)
        for key, (value, state) in self.before.items():
            self.after[key] = value.state
            value.restore(state)


def select(condition: Any, first: Changes, second: Changes) -> None:
    """Give every value that either side changed the state it has on the side that `condition` selects.

    That is no change of its own: what shares elements with these values was spoiled when a side changed them,
    and what a side chose from them after that, or the other side did, is what it was.
    """
    for key, (value, before) in (second.before | first.before).items():
        states = [side.after.get(key, before) for side in (first, second)]
        spoiled = [state for state in states if _is_spoiled(state)]
        if spoiled:
            note(value)
            value.restore(spoiled[0])
            continue
        repeated = [
            None if write is None else write.only_if(test)
            for changes, test in ((first, condition), (second, ~condition))
            for write in changes.writes.get(key, [])
        ]
        writes = [write for write in repeated if write is not None]
        if len(writes) == len(repeated) and _cheaper(writes, value):
            for write in writes:
                write(value)
            continue
        sides = []
        for state in states:
            side = object.__new__(type(value))
            side.restore(state)
            sides.append(side)
        note(value)
        value.restore(condition.choose(*sides).state)
        _selected(value)


def _is_spoiled(state: State) -> bool:
    return any(isinstance(part, aliases.Spoiled) for part in state)


def _cheaper(writes: list[Write], value: Base) -> bool:
    """Whether doing the writes on a condition costs less than selecting among whole values.

    Of two writes at secret indices the unconditional ones are mostly dead then; of more, later reads may
    need them, and both would be paid for.
    """
    secret = [write.touched(value) for write in writes if write.secret]
    public = sum(write.touched(value) for write in writes if not write.secret)
    return public <= value.size if not secret else len(secret) <= 2 and public == 0
