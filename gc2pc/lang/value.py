"""`Value`: what a circuit function's parameters are while it runs."""

from __future__ import annotations

from typing import Any, NoReturn, Self

import numpy as np
from numpy.typing import NDArray

from gc2pc.lang import codec, guard
from gc2pc.lang.arrays import Reductions
from gc2pc.lang.base import Base
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
            raise guard.array_error(self)
        return np.array(self._plain(), dtype=dtype, copy=copy is not False)

    def __hash__(self) -> int:
        if not self.backend.public:
            raise guard.key_error()
        return hash(self._plain())

    def __format__(self, spec: str) -> str:
        if not self.backend.public:
            raise guard.format_error()
        return format(self._plain(), spec)

    def __array_function__(self, function: Any, _: Any, args: Any, kwargs: Any) -> Any:
        if function in (np.shape, np.ndim, np.size):  # public
            return function(np.broadcast_to(0, self.shape), *args[1:], **kwargs)
        raise guard.numpy_error(function.__name__, self)

    def __round__(self, digits: int | None = None) -> int:
        if not self.backend.public:
            raise guard.conversion_error("an int")
        return round(self._plain(), digits)  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_") or name in Base.__slots__:  # Python asks for such names of its own accord
            raise AttributeError(name)
        raise guard.attribute_error(self, name)

    def __copy__(self) -> Self:
        return self.copy()

    def __deepcopy__(self, _: Any) -> Self:
        return self.copy()

    def __contains__(self, item: Any) -> bool:
        raise compile_error("`in` cannot search secrets", "(xs == x).any()")
