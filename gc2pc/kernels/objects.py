"""The cache of compiled kernels: one file of machine code per kernel and target.

A file counts only if all of this holds; anything else is a miss, and the kernel is compiled again:

- Its stamp is ours: a SHA-256 over all files of this package, the versions of Python, NumPy, Numba and
  LLVM, the processor with its features, and every setting of Numba's. So an edit anywhere in the package
  recompiles everything, and machines and lowerings share a directory.
- Its checksum is right. LLVM aborts the process on some damaged files, so none reaches it.
- Nobody but its owner may write it, and its owner is this user, root, or whoever owns this package, which all
  can run code here anyway. What is loaded is native code: who can write it owns this process.

The folders are those where Numba would cache: below ``NUMBA_CACHE_DIR``, this package's ``__pycache__``, the
user's cache directory. Files are looked for in all of them, and written to the first that is writable.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
import os
import platform
import stat
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MAGIC: Final = b"gc2pc kernel 1\n"
STAMP_BYTES: Final = 32
LOCK_NAME: Final = "gc2pc-kernels.lock"
"""File in the cache directory that serialises all processes that compile kernels there."""

PACKAGE: Final = Path(__file__).parent


@functools.cache
def source_digest() -> str:
    """SHA-256, in hex, over names and contents of all Python files of this package and of `gc2pc.params`."""
    digest = hashlib.sha256()
    parameters = PACKAGE.parent / "params.py"
    for path in [*sorted(PACKAGE.glob("*.py")), *([parameters] if parameters.exists() else [])]:
        content = path.read_bytes()
        digest.update(f"{path.name}:{len(content)}:".encode())
        digest.update(content)
    return digest.hexdigest()


def _numba_settings() -> list[str]:
    """What decides how Numba compiles, without importing it: its version, environment and settings' file."""
    found = importlib.util.find_spec("numba")
    home = Path(found.origin).parent if found is not None and found.origin else None
    version = (home / "_version.py").read_text(encoding="utf-8") if home else "absent"
    settings = [f"{name}={value}" for name, value in sorted(os.environ.items()) if name.startswith("NUMBA_")]
    settings = [setting for setting in settings if not setting.startswith("NUMBA_CACHE_DIR=")]
    with contextlib.suppress(OSError):
        settings.append(Path(".numba_config.yaml").read_text(encoding="utf-8"))
    config = sys.modules.get("numba.core.config")
    name, features = os.environ.get("NUMBA_CPU_NAME"), os.environ.get("NUMBA_CPU_FEATURES")
    if features is None and name is not None and name.lower() == "generic":
        features = ""  # as Numba has it
    if config is not None and (name, features) != (config.CPU_NAME, config.CPU_FEATURES):
        settings.append(f"set by hand: {config.CPU_NAME} {config.CPU_FEATURES}")
    return [version, *settings]


@functools.cache
def target() -> bytes:
    """SHA-256 over everything but the kernel that machine code depends on; see the module's docstring."""
    import llvmlite
    import numpy as np
    from llvmlite import binding as llvm

    parts = [
        source_digest(),
        sys.version,
        np.__version__,
        llvmlite.__version__,
        llvm.get_process_triple(),
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
        *_numba_settings(),
    ]
    return hashlib.sha256("\0".join(parts).encode()).digest()


@functools.cache
def _suffix() -> str:
    """The end of files' names: one per Python and kind of target, so that they share a folder."""
    from llvmlite import binding as llvm

    machine = [platform.machine(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()]
    machine += [os.environ.get(f"NUMBA_CPU_{which}", "-") for which in ("NAME", "FEATURES")]
    kind = hashlib.sha256("\0".join(machine).encode()).hexdigest()[:12]
    return f"{sys.implementation.cache_tag}-{kind}.gc2pc"


def _file_name(kernel: str) -> str:
    return f"{kernel}.{_suffix()}"


def _user_folder() -> Path | None:
    """The user's cache directory; None if there is no telling."""
    if sys.platform == "win32":
        places = [os.environ.get("LOCALAPPDATA", "")]
    elif sys.platform == "darwin":
        places = [os.path.expanduser("~/Library/Caches")]
    else:
        places = [os.environ.get("XDG_CACHE_HOME", ""), os.path.expanduser("~/.cache")]
    return next((Path(place) / "gc2pc" for place in places if os.path.isabs(place)), None)


def folders() -> list[Path]:
    """Where files may be, in order of preference."""
    # Several installations may share the first and the last.
    own = f"kernels_{hashlib.sha256(os.fsencode(PACKAGE)).hexdigest()[:12]}"
    chosen, user = os.environ.get("NUMBA_CACHE_DIR"), _user_folder()
    return [
        *([Path(chosen) / own] if chosen else []),
        PACKAGE / "__pycache__",
        *([user / own] if user else []),
    ]


def _trusted(status: os.stat_result) -> bool:
    """Whether nobody can have written a file who could not run code here without it."""
    if os.name != "posix":
        return True  # Windows has access lists instead, inherited from the folder
    owners = {0, os.geteuid(), os.stat(__file__).st_uid}
    return (
        stat.S_ISREG(status.st_mode)
        and status.st_uid in owners
        and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )


def read(kernel: str) -> bytes | None:
    """The machine code of a kernel ("module.name"), or None if no file has it."""
    for folder in folders():
        with contextlib.suppress(OSError):
            descriptor = os.open(folder / _file_name(kernel), os.O_RDONLY | getattr(os, "O_BINARY", 0))
            with open(descriptor, "rb") as file:
                if not _trusted(os.fstat(descriptor)):
                    continue
                content = file.read()
            code = content[len(MAGIC) + 2 * STAMP_BYTES :]
            if content == _file_of(kernel, code):
                return code
    return None


def _file_of(kernel: str, code: bytes) -> bytes:
    stamp = hashlib.sha256(target() + kernel.encode()).digest()
    return MAGIC + stamp + hashlib.sha256(code).digest() + code


def write(folder: Path, kernel: str, code: bytes) -> None:
    """Keep a kernel's machine code, for all readers at once or not at all; a warning if that fails."""
    path = folder / _file_name(kernel)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()
        # Never group-writable, whatever the umask: such a file would not be read.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with open(os.open(draft, flags, 0o644), "wb") as file:
            file.write(_file_of(kernel, code))
        os.replace(draft, path)
    except OSError as error:
        _warn_uncached(error.strerror or "the cache directory cannot be written")


@contextlib.contextmanager
def locked() -> Iterator[Path | None]:
    """Hold the lock of the folder that files are written to; gives None, with a warning, if there is none.

    A second process that starts meanwhile waits and then loads instead of compiling the same again.
    ``filelock`` rather than ``fcntl``: Windows has no ``fcntl``.
    """
    import filelock

    with contextlib.ExitStack() as stack:
        folder = next(filter(_writable, folders()), None)
        if folder is None:
            _warn_uncached("no cache directory is writable")
        else:
            try:
                stack.enter_context(filelock.FileLock(folder / LOCK_NAME, is_singleton=True))
            except (OSError, NotImplementedError):
                _warn_uncached("the cache directory cannot be locked")
                folder = None
        yield folder


def _writable(folder: Path) -> bool:
    probe = folder / f"gc2pc-kernels.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


@functools.cache
def _warn_uncached(reason: str) -> None:
    warnings.warn(
        f"gc2pc kernels are not cached and compile again in every process: {reason}. "
        "Set NUMBA_CACHE_DIR to a writable directory.",
        RuntimeWarning,
        stacklevel=3,
    )
