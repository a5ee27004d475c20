"""Enums as secret types: a member is its place in the declaration, in as few bits as that takes."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from gc2pc.errors import PeerError
from gc2pc.lang.source import compile_error, describe
from gc2pc.lang.types import Scalar

ENUM: Final = "Enum"


@dataclass(frozen=True, slots=True)
class EnumScalar(Scalar):
    """The type of one secret member; only ==, != and selection work on it.

    Attributes:
        members: The enum.
    """

    members: Any = None

    def raw_of(self, value: Any) -> int:
        """The place of a member; its name will do.

        Raises:
            ValueError: It is no member; the text does not show it.
        """
        if isinstance(value, str) and value in self.members.__members__:
            value = self.members[value]
        listed = list(self.members)
        if not isinstance(value, self.members) or value not in listed:
            raise ValueError(describe(value))
        return listed.index(value)

    def member(self, raw: int) -> Any:
        """The member at a place.

        Raises:
            PeerError: There is none: the peer's input was no member.
        """
        listed = list(self.members)
        if raw >= len(listed):
            raise PeerError(f"a result is no member of {self.members.__name__}: the peer's input was none")
        return listed[raw]

    def __str__(self) -> str:
        return f"{self.members.__name__}[{', '.join(member.name for member in self.members)}]"


@cache
def enum_type(members: type[enum.Enum]) -> EnumScalar:
    """The secret type of an enum.

    Raises:
        CompileError: The enum has no members, or is a Flag, whose members combine to more than are listed.
    """
    if issubclass(members, enum.Flag):
        raise compile_error(
            f"{members.__name__} is a Flag, and any combination of its members is a value of it",
            "a Bool for every member, or a UInt and the operators & and |",
        )
    count = len(list(members))
    if count == 0:
        raise compile_error(f"the enum {members.__name__} has no members")
    return EnumScalar(ENUM, max(1, (count - 1).bit_length()), 0, members)


def refuse(scalar: Scalar, what: str) -> None:
    """No arithmetic and no order on the members of an enum."""
    if isinstance(scalar, EnumScalar):
        name = scalar.members.__name__
        raise compile_error(
            f"members of the enum {name} have no {what}",
            f"x == {name}.{scalar.member(0).name}, or `match`, to tell them apart",
        )


def is_enum(annotation: Any) -> bool:
    """Whether it is an enum class."""
    return isinstance(annotation, type) and issubclass(annotation, enum.Enum)
