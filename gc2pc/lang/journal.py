"""What the branches of a secret `if` change in place, so that it can be taken back and selected.

Both branches run while a circuit is traced. A journal remembers the state that every value had before the
branch first changed it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from gc2pc.lang.base import Base

State: TypeAlias = tuple[Any, ...]
Journal: TypeAlias = dict[int, tuple["Base", State]]
"""By identity: a value that was changed, and its state before."""

_JOURNAL: Final[ContextVar[Journal | None]] = ContextVar("gc2pc_journal", default=None)


def record(value: Base) -> None:
    """To be called before a value is changed in place."""
    journal = _JOURNAL.get()
    if journal is not None:
        journal.setdefault(id(value), (value, value.state))


@contextmanager
def journal() -> Iterator[Journal]:
    """Changes made inside are recorded in the journal that this gives."""
    changes: Journal = {}
    token = _JOURNAL.set(changes)
    try:
        yield changes
    finally:
        _JOURNAL.reset(token)
