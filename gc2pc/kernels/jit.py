"""The one decorator behind every kernel: compile once, cache soundly, never compile in mid-protocol.

How to write a kernel, in a file of this package:

    from gc2pc.kernels.jit import jit

    @jit("void(uint64[:, ::1], uint64[::1], int64)")
    def add_offset(labels: NDArray[np.uint64], delta: NDArray[np.uint64], n: int) -> None:
        for i in range(n):
            labels[i, 0] ^= delta[0]
            labels[i, 1] ^= delta[1]

- One signature, as a string in Numba's notation. Arrays are C-contiguous (``::1`` on the last axis)
  and mutable; integers are ``int64`` or ``uint64``. A call with another dtype or layout, or with a
  read-only array, raises TypeError: nothing compiles in the middle of a protocol.
- A kernel may call other kernels, simply by name. The callee's signature must fit as it stands: keep
  integers in the declared type (``np.uint64(1)``, not ``1``, next to a uint64: Numba turns a mix
  of int64 and uint64 into float64).
- A kernel that only other kernels call, and often, takes addresses instead of arrays: `gc2pc.kernels.block`.
- A kernel allocates nothing (`gc2pc.kernels.block.scratch` is on its stack), so that its machine code needs
  nothing of Numba's at run time.
- Intrinsics get Numba from `gc2pc.kernels.deferred`. Nothing compiles at import. A kernel compiles at its
  first call, or in ``gc2pc.kernels.compile_all``, which sessions call before they touch a socket.
- Every module in this package is found by ``compile_all``; there is no list to keep.
- No secret-dependent branch and no secret-dependent index.

Numba compiles a kernel, `gc2pc.kernels.entry` adds what Python calls, `gc2pc.kernels.objects` keeps the
machine code of both on disk, and `gc2pc.kernels.native` loads it: with LLVM alone, so a process that finds
everything there never imports Numba. Where no directory is writable kernels work uncached, after one warning.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final, Generic, ParamSpec, TypeVar

from gc2pc.kernels import native, objects

P = ParamSpec("P")
R = TypeVar("R")

KERNELS: Final[dict[str, Kernel[Any, Any]]] = {}
"""Every kernel defined so far, by "module.name", in order of definition."""


class Kernel(Generic[P, R]):
    """A compiled function over arrays; see the module's docstring.

    Calling it from Python runs it (and compiles it first if need be), with the GIL released; it takes
    no keyword arguments. Numba resolves it as an ordinary compiled function when another kernel names it.

    Attributes:
        name: "module.name".
        signature: In Numba's notation.
        inner: Takes addresses: only other kernels can call it.
        from_cache: Whether the machine code came from the cache (False before it is there).
    """

    def __init__(self, function: Callable[P, R], signature: str) -> None:
        functools.update_wrapper(self, function)
        self.name: Final = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
        self.signature: Final = signature
        self.inner: Final = "CPointer" in signature
        self.from_cache = False
        self._function: Final = function
        self._call: Callable[..., Any] | None = None
        self._dispatcher: Any = None

    def __repr__(self) -> str:
        return f"<kernel {self.name}: {self.signature}>"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        if kwargs:
            raise TypeError(f"{self.name}() takes no keyword arguments")
        call = self._call or self.compile()
        return call(*args)  # type: ignore[no-any-return]

    def load(self) -> bool:
        """Take the kernel from the cache unless it is there; whether that worked."""
        if self._call is None and not self.inner and self._function.__module__.startswith(__package__):
            code = objects.read(self.name)
            if code is not None:
                self.from_cache = True
                self._call = native.link(self.name, code)
        return self._call is not None

    def compile(self) -> Callable[..., Any]:
        """Load or compile the kernel unless that was done before; what Python calls."""
        if not self.load():
            self._build()
        assert self._call is not None
        return self._call

    def prepare(self) -> None:
        """Compile what is missing, of an inner kernel what others link."""
        _ = self.dispatcher if self.inner else self.compile()

    def _build(self) -> None:
        from numba.core.compiler_lock import global_compiler_lock

        from gc2pc.kernels import entry

        # The order is the same in all threads, and it is Numba's: a compilation that is already under way
        # holds Numba's lock when it asks for a kernel.
        with global_compiler_lock, objects.locked() as folder:
            if self.load():
                return
            code = entry.object_code(self.name, self.dispatcher)
            if folder is not None and self._function.__module__.startswith(__package__):
                objects.write(folder, self.name, code)
            self._call = native.link(self.name, code)

    @property
    def dispatcher(self) -> Any:
        """Numba's function, which other kernels call: exactly one overload, and compilation disabled."""
        import numba
        from numba.core.compiler_lock import global_compiler_lock

        with global_compiler_lock:
            if self._dispatcher is None:
                # Not Numba's own entries from Python and C: nobody calls them.
                options: Any = {"nogil": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
                made: Any = numba.njit(**options)(self._function)
                made.compile(self.signature)
                made.disable_compile()
                self._dispatcher = made
        return self._dispatcher

    @property
    def _numba_type_(self) -> Any:
        # Numba asks for this when another kernel names this one.
        return self.dispatcher._numba_type_


def jit(signature: str) -> Callable[[Callable[P, R]], Kernel[P, R]]:
    """Make a kernel of a Python function; see the module's docstring for the rules.

    Args:
        signature: The only signature, such as ``"void(uint64[:, ::1], int64)"``.
    """

    def decorate(function: Callable[P, R]) -> Kernel[P, R]:
        kernel = Kernel(function, signature)
        KERNELS[kernel.name] = kernel
        return kernel

    return decorate
