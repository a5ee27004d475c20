"""Numba's names for modules of intrinsics, imported when a kernel compiles and not before.

A process that finds all kernels in the cache never imports Numba, which takes as long as everything else in
a short run together. So the modules of this package name Numba through here, and only inside functions.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar


class _Module:
    """A module that is imported when something of it is used."""

    def __init__(self, name: str) -> None:
        self._name: Final = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked by tools that look at any object
            raise AttributeError(name)
        return getattr(importlib.import_module(self._name), name)


types: Final[Any] = _Module("numba.core.types")
cgutils: Final[Any] = _Module("numba.core.cgutils")
arrayobj: Final[Any] = _Module("numba.np.arrayobj")


class intrinsic:  # noqa: N801 - Numba's name for the same decorator
    """`numba.extending.intrinsic`, made when the first kernel that uses it compiles.

    Arguments that are literals in the kernel have literal types.
    """

    def __init__(self, define: Callable[..., Any]) -> None:
        self.__name__ = define.__name__
        self._define: Final = define

    @functools.cached_property
    def _numba_type_(self) -> Any:
        # Numba asks for this when a kernel names the intrinsic.
        from numba.extending import intrinsic as make

        return _type_of(make(prefer_literal=True)(self._define))


if TYPE_CHECKING:
    Function = TypeVar("Function", bound=Callable[..., Any])

    def register_jitable(function: Function) -> Function:
        """`numba.extending.register_jitable`: a function that kernels take into their own code."""

else:

    class register_jitable:  # noqa: D101, N801
        def __init__(self, function: Callable[..., Any]) -> None:
            self.__name__ = function.__name__
            self._function: Final = function

        @functools.cached_property
        def _numba_type_(self) -> Any:
            from numba.extending import register_jitable as make

            return _type_of(make(self._function))


def _type_of(made: Any) -> Any:
    """Numba's type of something that was registered just now."""
    from numba.core.registry import cpu_target

    context = cpu_target.typing_context
    context.refresh()
    return context.resolve_value_type(made)


@functools.cache
def register_type(name: str, representation: Any) -> Any:
    """A Numba type that exists only inside kernels, held as the given LLVM type."""
    from numba.extending import models, register_model

    primitive: Any = models.PrimitiveModel
    kind: Any = type(f"{name}Type", (types.Type,), {})

    def init(self: Any, manager: Any, fe_type: Any) -> None:
        primitive.__init__(self, manager, fe_type, representation)

    register_model(kind)(type(f"{name}Model", (primitive,), {"__init__": init}))
    return kind(name)
