"""Who owns an input and who learns an output: parties, both, externals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from gc2pc.ir.graph import Group
from gc2pc.lang.source import compile_error


@dataclass(frozen=True, slots=True)
class Owned:
    """``T @ who``: a type together with its owner (a parameter) or its recipients (a result)."""

    type: Any
    who: Owner


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody who owns inputs or receives outputs. Write ``T @ owner`` in an annotation."""

    name: str

    def __rmatmul__(self, type: Any) -> Owned:
        if isinstance(type, Owned):
            raise compile_error(f"{type} already has an owner", "use one @ only")
        return Owned(type, self)

    @property
    def group(self) -> Group:
        """The owner's group in the circuit."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Party(Owner):
    """One of the two computing parties. Make them with `parties`."""

    index: int = 0
    pair: tuple[str, str] = field(default=("", ""), repr=False)

    @property
    def group(self) -> Group:
        """FIRST for the party that was declared first, SECOND for the other."""
        return Group(self.index)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class _Both(Owner):
    @property
    def group(self) -> Group:
        return Group.BOTH


@dataclass(frozen=True, slots=True)
class External(Owner):
    """Somebody who is neither of the two parties: values reach or leave the two as XOR shares."""

    @property
    def group(self) -> Group:
        """Always SHARED."""
        return Group.SHARED


Both: Final = _Both("both")
"""Recipient: each of the two parties. ``-> Bool @ Both``"""


def parties(first: str, second: str) -> tuple[Party, Party]:
    """Declare the two computing parties.

    >>> alice, bob = parties("alice", "bob")
    """
    for name in (first, second):
        _check_name(name)
    if first == second:
        raise compile_error(f"the two parties need different names, both are {first!r}")
    pair = (first, second)
    return Party(first, 0, pair), Party(second, 1, pair)


def external(name: str) -> External:
    """Declare somebody whose inputs arrive, or whose outputs leave, as XOR shares held by the two parties.

    Either party can flip bits of an external's value without being noticed; neither can read it.
    """
    _check_name(name)
    return External(name)


def _check_name(name: str) -> None:
    if not name.isidentifier() or name in ("both", "shared"):
        raise compile_error(f"a party's name is an identifier such as 'alice', not {name!r}")
