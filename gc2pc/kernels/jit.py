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
- Nothing compiles at import. A kernel compiles at its first call, or in
  ``gc2pc.kernels.compile_all``, which sessions call before they touch a socket.
- Every module in this package is found by ``compile_all``; there is no list to keep.
- No secret-dependent branch and no secret-dependent index.

Caching. Numba's own cache asks only whether the kernel's own file changed, not the modules that its
intrinsics come from. Here the freshness stamp of an entry is the SHA-256 over all files of this package,
so an edit anywhere in it recompiles everything. The stamp is set in cache locators, Numba's extension
point for that purpose (``NUMBA_CACHE_LOCATOR_CLASSES``); the alternative, a closure variable holding the
hash in every kernel, would need a factory around each of them. CPU name and features are part of Numba's
key already, so machines and lowerings share a directory. The cache lives where Numba puts it:
``NUMBA_CACHE_DIR``, else this package's ``__pycache__``, else the user's cache directory.

Numba replaces each cache file atomically, but index and data are two files: a reader between the two
writes could load the data of an older index. So loading, compiling and saving happen under one
inter-process lock per cache directory (``filelock`` rather than ``fcntl``: Windows has no ``fcntl``).
A second process that starts meanwhile waits and then loads instead of compiling the same again.
Where no directory is writable, or the lock or the cache fails, kernels work uncached after one warning.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Generic, ParamSpec, TypeVar

import filelock
import llvmlite
import numba
from numba.core import caching
from numba.core.compiler_lock import global_compiler_lock

P = ParamSpec("P")
R = TypeVar("R")

LOCK_NAME: Final = "gc2pc-kernels.lock"
"""File in the cache directory that serialises all processes that load or save kernels there."""

KERNELS: Final[dict[str, Kernel[Any, Any]]] = {}
"""Every kernel defined so far, by "module.name", in order of definition."""


@functools.cache
def source_digest() -> str:
    """SHA-256, in hex, over names and contents of all Python files of this package."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.name}:{len(content)}:".encode())
        digest.update(content)
    return digest.hexdigest()


@functools.cache
def _warn_uncached(reason: str) -> None:
    warnings.warn(
        f"gc2pc kernels are not cached and compile again in every process: {reason}. "
        "Set NUMBA_CACHE_DIR to a writable directory.",
        RuntimeWarning,
        stacklevel=3,
    )


class _PackageStamp:
    """Mixin for a cache locator: an entry is fresh while this package, LLVM and the own file are the same."""

    def get_source_stamp(self) -> tuple[str, str, Any]:
        locator: Any = super()
        return source_digest(), llvmlite.__version__, locator.get_source_stamp()


class _UserProvidedLocator(_PackageStamp, caching.UserProvidedCacheLocator):
    """``NUMBA_CACHE_DIR``."""


class _InTreeLocator(_PackageStamp, caching.InTreeCacheLocator):
    """``__pycache__`` of this package."""


class _UserWideLocator(_PackageStamp, caching.UserWideCacheLocator):
    """The user's cache directory."""


class _KernelCacheImpl(caching.CompileResultCacheImpl):
    """Numba's serialiser of compiled functions, over locators with the package's stamp."""

    _locator_classes = [_UserProvidedLocator, _InTreeLocator, _UserWideLocator]  # noqa: RUF012 - Numba's name


class _KernelCache(caching.FunctionCache):
    """Numba's function cache, where a damaged entry is a miss and a failed save is a warning."""

    _impl_class = _KernelCacheImpl

    def load_overload(self, sig: str, target_context: Any) -> Any:
        numba_cache: Any = super()
        try:
            return numba_cache.load_overload(sig, target_context)
        except Exception:  # noqa: BLE001 - unpickling a truncated or foreign file can raise nearly anything
            numba_cache.flush()
            return None

    def save_overload(self, sig: str, data: Any) -> None:
        numba_cache: Any = super()
        try:
            numba_cache.save_overload(sig, data)
        except OSError as error:
            _warn_uncached(error.strerror or "the cache directory cannot be written")


def _open_cache(function: Callable[..., Any]) -> Any:
    """The cache of one kernel, or None where no directory is writable."""
    cache_class: Any = _KernelCache
    try:
        return cache_class(function)
    except (RuntimeError, OSError):
        _warn_uncached("no cache directory is writable")
        return None


@contextlib.contextmanager
def _locked(cache: Any) -> Iterator[Any]:
    """Hold Numba's lock, then the directory's; gives None where the directory cannot be locked.

    The order is the same in all threads, and it is Numba's: a compilation that is already under way
    holds Numba's lock when it asks for a kernel.
    """
    with global_compiler_lock, contextlib.ExitStack() as stack:
        if cache is not None:
            try:
                # One object per path and thread: nested compilations lock again without waiting.
                lock = filelock.FileLock(Path(cache.cache_path) / LOCK_NAME, is_singleton=True)
                stack.enter_context(lock)
            except (OSError, NotImplementedError):
                _warn_uncached("the cache directory cannot be locked")
                cache = None
        yield cache


class Kernel(Generic[P, R]):
    """A compiled function over arrays; see the module's docstring.

    Calling it from Python runs it (and compiles it first if need be), with the GIL released. Numba
    resolves it as an ordinary compiled function when another kernel names it.
    """

    def __init__(self, function: Callable[P, R], signature: str) -> None:
        functools.update_wrapper(self, function)
        self.signature: Final = signature
        self._function: Final = function
        self._compiled: Any = None

    def __repr__(self) -> str:
        return f"<kernel {self._function.__name__}: {self.signature}>"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        compiled = self._compiled or self.compile()
        return compiled(*args, **kwargs)  # type: ignore[no-any-return]

    def compile(self) -> Any:
        """Load or compile the kernel unless that was done before.

        Returns:
            Numba's dispatcher, with exactly one overload and compilation disabled.
        """
        if self._compiled is None:
            with _locked(_open_cache(self._function)) as cache:
                if self._compiled is None:
                    dispatcher: Any = numba.njit(nogil=True)(self._function)
                    if cache is not None:
                        dispatcher._cache = cache
                    dispatcher.compile(self.signature)
                    dispatcher.disable_compile()
                    self._compiled = dispatcher
        return self._compiled

    @property
    def from_cache(self) -> bool:
        """Whether the compiled code came from the cache (False before it is compiled)."""
        return self._compiled is not None and bool(self._compiled.stats.cache_hits)

    @property
    def _numba_type_(self) -> Any:
        # Numba asks for this when another kernel names this one.
        return self.compile()._numba_type_


def jit(signature: str) -> Callable[[Callable[P, R]], Kernel[P, R]]:
    """Make a kernel of a Python function; see the module's docstring for the rules.

    Args:
        signature: The only signature, such as ``"void(uint64[:, ::1], int64)"``.
    """

    def decorate(function: Callable[P, R]) -> Kernel[P, R]:
        kernel = Kernel(function, signature)
        KERNELS[f"{function.__module__.rpartition('.')[2]}.{function.__name__}"] = kernel
        return kernel

    return decorate
