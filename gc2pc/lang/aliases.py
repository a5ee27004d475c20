"""Arrays that a secret chose: ``z = xs if secret else ys``.

In Python z is xs or ys, and what is written to one shows in the other. In a circuit z is an array of its own.
So a write to one of them takes the value away from those that it may change: using these is an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, NoReturn

from gc2pc.lang.backend import TRACE
from gc2pc.lang.source import compile_error

if TYPE_CHECKING:
    from gc2pc.lang.base import Base


class Spoiled:
    """The backend of a value that nobody knows any more."""

    public: Final = False

    def use(self) -> NoReturn:
        """Raise the error."""
        raise compile_error(
            "this array may have changed: a secret chose between it and another one, and what was chosen "
            "shares its elements with it, as Python has it, but was changed since, or this one was",
            "z = z.copy() before z or what it was chosen from is changed",
        )


class Links:
    """Who was chosen from whom, by identity; the values are kept, so that no two have one identity.

    Attributes:
        sources: What a secret chose, then the values that it was chosen from.
        chosen: Such a source, then what was chosen from it.
        choices: What secrets chose that are no values (`gc2pc.lang.control.choices`).
    """

    def __init__(self) -> None:
        self.sources: dict[int, list[Base]] = {}
        self.chosen: dict[int, list[Base]] = {}
        self.choices: list[Any] = []

    def known(self) -> tuple[int, int]:
        """How many there are so far."""
        return len(self.sources), len(self.choices)

    def set_aside(self, known: tuple[int, int]) -> Links:
        """Take out what was chosen since there were `known` ones.

        It was chosen on one side of a branch, and so does not exist on the other one.
        """
        aside = Links()
        while len(self.sources) > known[0]:
            key, values = self.sources.popitem()
            aside.sources[key] = values
        aside.choices = self.choices[known[1] :]
        del self.choices[known[1] :]
        return aside

    def put_back(self, aside: Links) -> None:
        """Where the sides of the branch have joined."""
        self.sources |= aside.sources
        self.choices += aside.choices


def links_here() -> Links:
    """Those of what is being traced; new ones in a plain call, where nothing is secret."""
    tracing: Any = TRACE.get()
    links: Links = tracing.links if tracing is not None else Links()
    return links


def link(result: Base, *sources: Base) -> None:
    """A secret chose `result` from these arrays."""
    if not result.shape or any(result is source for source in sources):
        return
    links = links_here()
    links.sources[id(result)] = [result, *sources]
    for source in sources:
        links.chosen.setdefault(id(source), [source]).append(result)


def related(value: Base) -> list[Base]:
    """The arrays that a write to this one may change, in Python."""
    links = links_here()
    if id(value) not in links.sources and id(value) not in links.chosen:
        return []
    below = _closure([value], links.sources)
    above = _closure(below, links.chosen)
    roots = {id(root) for root in below}
    return [x for x in above if x is not value and (id(x) in roots or id(x) in links.sources)]


def _closure(values: Iterable[Base], edges: dict[int, list[Base]]) -> list[Base]:
    found: dict[int, Base] = {}
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        if id(value) not in found:
            found[id(value)] = value
            waiting += edges.get(id(value), [])
    return list(found.values())


def spoil(value: Base) -> None:
    """Take away the value of an array.

    Raises:
        CompileError: It outlives the trace that it would have to be taken away in.
    """
    if value.home is not TRACE.get():
        raise compile_error(
            "this array is one of several, chosen by a secret, and one of these was made outside of the "
            "circuit or the repeat body: it cannot be changed",
            "z = z.copy() before it is changed",
        )
    value.backend = Spoiled()  # type: ignore[assignment]
