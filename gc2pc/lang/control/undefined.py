"""Names without a value: an error, but only for who uses them."""

from __future__ import annotations

import re
from typing import Any, Final, NoReturn

from gc2pc.lang.source import compile_error


class _Unset:
    """A result that has not been returned yet: selecting takes the other side, free of gates."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = _Unset()


class Undefined:
    """What stands for a name that has no value; using it says why.

    Attributes:
        name: The name.
        problem: What follows the name in the error: ``has no value here: ...``.
        suggestion: What to write instead.
    """

    __slots__ = ("name", "problem", "suggestion")

    def __init__(self, name: str, problem: str, suggestion: str | None = None) -> None:
        self.name, self.problem, self.suggestion = name, problem, suggestion

    @property
    def message(self) -> str:
        """What is wrong with using it."""
        return f"{self.name} {self.problem}"

    def use(self, *_: Any) -> NoReturn:
        """Raise the error."""
        raise compile_error(self.message, self.suggestion)

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):  # Python asks objects for these names of its own accord
            raise AttributeError(name)
        self.use()


class Unless:
    """The value of a name that has none where statements are skipped, so that nobody reads it there.

    Attributes:
        value: The value.
    """

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


_BINARY: Final = "add sub mul truediv floordiv mod divmod pow matmul and or xor lshift rshift"
_OTHERS: Final = (
    "lt le gt ge eq ne hash neg pos abs invert bool int float index round str format "
    "iter len contains getitem setitem delitem call enter exit"
)
_SIDED: Final = [f"{_side}{_name}" for _name in re.findall(r"\w+", _BINARY) for _side in ("", "r", "i")]
for _name in [*re.findall(r"\w+", _OTHERS), *_SIDED]:
    setattr(Undefined, f"__{_name}__", Undefined.use)
