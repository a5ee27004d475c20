"""Names without a value: an error, but only for who uses them."""

from __future__ import annotations

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
        reason: Why it has no value, as the end of a sentence.
        suggestion: What to write instead.
    """

    __slots__ = ("name", "reason", "suggestion")

    def __init__(self, name: str, reason: str, suggestion: str | None = None) -> None:
        self.name, self.reason, self.suggestion = name, reason, suggestion

    def use(self, *_: Any) -> NoReturn:
        """Raise the error."""
        raise compile_error(f"{self.name} has no value here: {self.reason}", self.suggestion)


for _operator in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor"):
    for _side in ("__{}__", "__r{}__", "__i{}__"):
        setattr(Undefined, _side.format(_operator), Undefined.use)
for _special in ("__lshift__", "__rshift__", "__bool__", "__iter__", "__getitem__", "__call__", "__len__"):
    setattr(Undefined, _special, Undefined.use)
