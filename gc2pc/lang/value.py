"""`Value`: what a circuit function's parameters are while it runs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gc2pc.lang import codec, guard
from gc2pc.lang.arrays import Reductions
from gc2pc.lang.source import compile_error


class Value(Reductions):
    """A typed scalar or array, secret or public.

    While a program is compiled its inputs are secret: only their types, shapes and intervals are known. In a
    plain call every value is public, and Python's own control flow works on it.
    """

    __slots__ = ()

    def _plain(self) -> Any:
        """The plain value of a public scalar."""
        return codec.plain(self.scalar, self.data)

    def __bool__(self) -> bool:
        if not self.backend.public:
            raise guard.truth_error()
        return bool(self._plain())

    def __int__(self) -> int:
        if not self.backend.public:
            raise guard.conversion_error("an int")
        return int(self._plain())

    def __float__(self) -> float:
        if not self.backend.public:
            raise guard.conversion_error("a float")
        return float(self._plain())

    def __index__(self) -> int:
        if not self.backend.public:
            raise guard.index_error()
        return int(self._plain().__index__())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if not self.backend.public:
            raise compile_error(
                "NumPy cannot look at secret values",
                "the method, such as x.sum() or x.maximum(y); stack([x, y])",
            )
        return np.array(self._plain(), dtype=dtype, copy=copy is not False)

    def __hash__(self) -> int:
        if not self.backend.public:
            raise guard.conversion_error("a key of a dict or a set")
        return hash(self._plain())

    def __format__(self, spec: str) -> str:
        if not self.backend.public:
            raise guard.format_error()
        return format(self._plain(), spec)

    def __contains__(self, item: Any) -> bool:
        raise compile_error("`in` cannot search secrets", "(xs == x).any()")
