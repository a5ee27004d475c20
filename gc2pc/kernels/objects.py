"""The cache of compiled kernels: one file of machine code per kernel and target.

A file counts only if all of this holds; anything else is a miss, and the kernel is compiled again:

- Its stamp is ours: a SHA-256 over all files of this package as they were when it was imported, the versions
  of Python, NumPy, Numba and LLVM, the processor with its features, and the settings of Numba's that can
  change code. So an edit anywhere in the package recompiles everything. All but the package is in the
  file's name too, so machines, lowerings and settings share a directory.
- Its checksum is right. LLVM aborts the process on some damaged files, so none reaches it.
- It is a regular file with one name, no link. Nobody but their owner may write it or its folder, and the
  owner is this user, root, or whoever owns this package, which all can run code here anyway. What is loaded
  is native code: who can write it owns this process.

A file is written only if sources and settings are still those of the stamp once the kernel is compiled: else
a process that outlives an upgrade would leave old code for new processes. Without sources nothing is cached.

The folders are those where Numba would cache: below ``NUMBA_CACHE_DIR``, this package's ``__pycache__``, the
user's cache directory. Files are looked for in all of them, and written to the first that is writable, and by
nobody else.
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
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

MAGIC: Final = b"gc2pc kernel 1\n"
STAMP_BYTES: Final = 32
LOCK_NAME: Final = "gc2pc-kernels.lock"
"""File in the cache directory that serialises all processes that compile kernels there."""

PACKAGE: Final = Path(__file__).parent


SETTINGS_FILE: Final = Path(".numba_config.yaml")
"""Where Numba looks for settings besides the environment."""

# Settings that cannot change code, such as those that pools of processes make for their workers.
_IDLE_SETTINGS: Final = (
    "NUMBA_CACHE_",
    "NUMBA_COLOR_SCHEME",
    "NUMBA_CUDA_",
    "NUMBA_DEFAULT_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMBA_THREADING_LAYER",
)


def source_digest() -> bytes | None:
    """SHA-256 over all Python files of this package and `gc2pc.params` as they are now; None without any."""
    digest = hashlib.sha256()
    parameters = PACKAGE.parent / "params.py"
    try:
        paths = sorted(PACKAGE.glob("*.py"))
        for path in [*paths, *([parameters] if parameters.exists() else [])]:
            content = path.read_bytes()
            digest.update(f"{path.name}:{len(content)}:".encode())
            digest.update(content)
    except OSError:
        return None
    return digest.digest() if paths else None


SOURCES: Final = source_digest()
"""The sources that this process runs: the package imports this module before all others."""


def _numba_settings() -> list[bytes]:
    """What decides how Numba compiles, without importing it: its version, environment and settings' file."""
    found = importlib.util.find_spec("numba")
    home = Path(found.origin).parent if found is not None and found.origin else None
    settings = [(home / "_version.py").read_bytes() if home else b"absent"]
    for setting, value in sorted(os.environ.items()):
        if setting.startswith("NUMBA_") and not setting.startswith(_IDLE_SETTINGS):
            settings.append(os.fsencode(f"{setting}={value}"))
    read: Mapping[str, Any] = os.environ
    config = sys.modules.get("numba.core.config")
    with contextlib.suppress(OSError):
        settings.append(SETTINGS_FILE.read_bytes())
        read = config._env_reloader.old_environ if config is not None else read
    name, features = read.get("NUMBA_CPU_NAME"), read.get("NUMBA_CPU_FEATURES")
    if features is None and name is not None and name.lower() == "generic":
        features = ""  # as Numba has it
    if config is not None and (name, features) != (config.CPU_NAME, config.CPU_FEATURES):
        settings.append(os.fsencode(f"set by hand: {config.CPU_NAME} {config.CPU_FEATURES}"))
    return settings


def current_target() -> bytes:
    """SHA-256 over all but kernel and sources that machine code depends on, as it is now."""
    import llvmlite
    import numpy as np
    from llvmlite import binding as llvm

    versions = [
        sys.version,
        np.__version__,
        llvmlite.__version__,
        platform.machine(),
        llvm.get_process_triple(),
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
    ]
    return hashlib.sha256(b"\0".join([*map(str.encode, versions), *_numba_settings()])).digest()


@functools.cache
def target() -> bytes:
    """What `current_target` was at the first kernel."""
    return current_target()


def _file_name(kernel: str) -> str:
    return f"{kernel}.{sys.implementation.cache_tag}-{target().hex()[:12]}.gc2pc"


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
    """Whether nobody can have written a file, or in a folder, who could not run code here without it."""
    if os.name != "posix":
        return True  # Windows has access lists instead, inherited from the folder
    owners = {0, os.geteuid(), os.stat(__file__).st_uid}
    return status.st_uid in owners and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


# No waiting for a FIFO's writer, and no link to a file that is somewhere else for another reason.
_READING: Final = os.O_RDONLY | functools.reduce(
    int.__or__, (getattr(os, f"O_{flag}", 0) for flag in ("BINARY", "CLOEXEC", "NOFOLLOW", "NONBLOCK"))
)


def _content(path: Path) -> bytes | None:
    """What is in a file that may be loaded."""
    if not _trusted(path.parent.stat()):
        return None
    descriptor = os.open(path, _READING)
    try:
        status = os.fstat(descriptor)
        if not (stat.S_ISREG(status.st_mode) and status.st_nlink == 1 and _trusted(status)):
            return None
        with open(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)


def read(kernel: str) -> bytes | None:
    """The machine code of a kernel ("module.name"), or None if no file has it."""
    for folder in folders() if SOURCES is not None else []:
        with contextlib.suppress(OSError):
            content = _content(folder / _file_name(kernel))
            code = content[len(MAGIC) + 2 * STAMP_BYTES :] if content is not None else b""
            if content == _file_of(kernel, code):
                return code
    return None


def _file_of(kernel: str, code: bytes) -> bytes:
    assert SOURCES is not None
    stamp = hashlib.sha256(SOURCES + target() + kernel.encode()).digest()
    return MAGIC + stamp + hashlib.sha256(code).digest() + code


def write(folder: Path, kernel: str, code: bytes) -> None:
    """Keep a kernel's machine code, for all readers at once or not at all; a warning if that fails.

    Nothing is kept if sources or settings are no longer those of the stamp.
    """
    if SOURCES is None or (SOURCES, target()) != (source_digest(), current_target()):
        return
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
        folder = next(filter(_writable, folders()), None) if SOURCES is not None else None
        if SOURCES is None:
            _warn_uncached("their sources are not there to tell versions apart", "Install the .py files.")
        elif folder is None:
            _warn_uncached("no cache directory is writable, and by this user only")
        else:
            try:
                stack.enter_context(filelock.FileLock(folder / LOCK_NAME, is_singleton=True))
            except (OSError, NotImplementedError):
                _warn_uncached("the cache directory cannot be locked")
                folder = None
        yield folder


def _writable(folder: Path) -> bool:
    """Whether this user can write there and others cannot; makes the folder if need be."""
    probe = folder / f"gc2pc-kernels.{os.getpid()}"
    try:
        folder.mkdir(0o755, parents=True, exist_ok=True)
        if not _trusted(folder.stat()):
            return False
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


@functools.cache
def _warn_uncached(reason: str, advice: str = "Set NUMBA_CACHE_DIR to a directory of your own.") -> None:
    warnings.warn(
        f"gc2pc kernels are not cached and compile again in every process: {reason}. {advice}",
        RuntimeWarning,
        stacklevel=3,
    )
