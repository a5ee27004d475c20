"""Which files of machine code count; `tests/contract/test_kernels_cache.py` runs real processes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gc2pc.kernels import objects

KERNEL, CODE = "hashing.prg", bytes(range(200))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The first folder of the cache, below `tmp_path`."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(objects, "folders", lambda: real()[:1])
    folder = real()[0]
    folder.mkdir()
    return folder


real = objects.folders


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def flip(content: bytes, place: int) -> bytes:
    """`content` with one bit flipped, in a byte counted from the end if `place` is negative."""
    changed = bytearray(content)
    changed[place] ^= 1
    return bytes(changed)


def test_what_was_written_is_read(folder: Path) -> None:
    assert objects.read(KERNEL) is None
    for code in (CODE, b"", CODE[::-1]):
        objects.write(folder, KERNEL, code)
        assert objects.read(KERNEL) == code
        assert objects.read("hashing.hash_labels") is None
    assert only_file(folder).parent == folder


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-40],
        lambda content: content[:30],
        lambda content: content + b"\0",
        lambda content: flip(content, 0),
        lambda content: flip(content, len(objects.MAGIC)),
        lambda content: flip(content, len(objects.MAGIC) + objects.STAMP_BYTES),
        lambda content: flip(content, -1),
    ],
    ids=["empty", "shorter", "stump", "longer", "magic", "stamp", "checksum", "code"],
)
def test_damage_is_a_miss(folder: Path, damage: Callable[[bytes], bytes]) -> None:
    objects.write(folder, KERNEL, CODE)
    path = only_file(folder)
    path.write_bytes(damage(path.read_bytes()))
    assert objects.read(KERNEL) is None
    objects.write(folder, KERNEL, CODE)
    assert objects.read(KERNEL) == CODE


def test_another_kernels_file_is_a_miss(folder: Path) -> None:
    objects.write(folder, "hashing.hash_labels", CODE)
    other = only_file(folder)
    other.rename(other.with_name(other.name.replace("hash_labels", "prg")))
    assert objects.read(KERNEL) is None


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_what_others_can_write_is_a_miss(folder: Path, mode: int) -> None:
    objects.write(folder, KERNEL, CODE)
    only_file(folder).chmod(mode)
    assert objects.read(KERNEL) is None
    objects.write(folder, KERNEL, CODE)
    assert objects.read(KERNEL) == CODE


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_the_umask_leaves_files_readable(folder: Path) -> None:
    before = os.umask(0)
    try:
        objects.write(folder, KERNEL, CODE)
    finally:
        os.umask(before)
    assert objects.read(KERNEL) == CODE


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_what_others_own_is_a_miss(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    objects.write(folder, KERNEL, CODE)
    os.chown(only_file(folder), 12345, -1)
    assert objects.read(KERNEL) is None
    # Its owner may run code here anyway if this is the owner's process.
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert objects.read(KERNEL) == CODE


def test_no_file_but_a_folder_is_a_miss(folder: Path) -> None:
    objects.write(folder, KERNEL, CODE)
    path = only_file(folder)
    path.unlink()
    path.mkdir()
    assert objects.read(KERNEL) is None


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.parametrize("mode", [0o775, 0o757, 0o1777])
def test_a_folder_that_others_can_write_is_no_cache(folder: Path, mode: int) -> None:
    objects.write(folder, KERNEL, CODE)
    folder.chmod(mode)
    assert objects.read(KERNEL) is None
    objects._warn_uncached.cache_clear()
    with pytest.warns(RuntimeWarning, match="not cached"), objects.locked() as chosen:
        assert chosen is None
    folder.chmod(0o755)
    assert objects.read(KERNEL) == CODE
    # What is above may be anybody's where nobody moves what others own, as in /tmp.
    folder.parent.chmod(0o1777)
    assert objects.read(KERNEL) == CODE


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_the_umask_leaves_the_folder_trusted(folder: Path) -> None:
    folder.rmdir()
    before = os.umask(0)
    try:
        with objects.locked() as chosen:
            assert chosen == folder
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o755


@pytest.mark.skipif(os.name != "posix", reason="links and pipes are POSIX's")
@pytest.mark.parametrize("kind", ["symlink", "hard link", "pipe", "directory"])
def test_what_is_no_file_of_its_own_is_a_miss(folder: Path, tmp_path: Path, kind: str) -> None:
    objects.write(folder, KERNEL, CODE)
    path, other = only_file(folder), tmp_path / "other"
    path.rename(other)
    assert not kind.endswith("link") or other.stat().st_nlink == 1
    make = {
        "symlink": lambda: path.symlink_to(other),
        "hard link": lambda: path.hardlink_to(other),
        "pipe": lambda: os.mkfifo(path),
        "directory": path.mkdir,
    }
    make[kind]()
    free = os.open(os.devnull, os.O_RDONLY)
    os.close(free)
    assert [objects.read(KERNEL) for _ in range(3)] == [None] * 3
    # No descriptor stays open: the lowest free one is the same.
    again = os.open(os.devnull, os.O_RDONLY)
    os.close(again)
    assert again == free
    if kind == "pipe":  # nor is it read if someone has filled it
        end = os.open(path, os.O_RDWR)
        os.write(end, other.read_bytes())
        assert objects.read(KERNEL) is None
        os.close(end)


@pytest.fixture
def before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> bytes:
    """The target without any setting, in an empty working directory."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("NUMBA_")]:
        monkeypatch.delenv(name)
    return objects.current_target()


@pytest.mark.parametrize("setting", ["NUMBA_OPT", "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "NUMBA_ENABLE_AVX"])
def test_settings_of_numbas_are_part_of_the_target(
    monkeypatch: pytest.MonkeyPatch, setting: str, before: bytes
) -> None:
    monkeypatch.setenv(setting, "0")
    assert objects.current_target() != before


def test_settings_that_change_no_code_are_not(monkeypatch: pytest.MonkeyPatch, before: bytes) -> None:
    for name in ("CACHE_DIR", "NUM_THREADS", "THREADING_LAYER", "THREADING_LAYER_PRIORITY", "COLOR_SCHEME"):
        monkeypatch.setenv(f"NUMBA_{name}", "2")
    assert objects.current_target() == before


def test_a_settings_file_is_part_of_the_target(before: bytes) -> None:
    objects.SETTINGS_FILE.write_bytes(b"opt: 1\n")
    assert objects.current_target() != before


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps the environment as Unicode")
def test_settings_need_not_be_utf_8(monkeypatch: pytest.MonkeyPatch, before: bytes) -> None:
    monkeypatch.setenv("NUMBA_OPT", os.fsdecode(b"\xff"))
    other = objects.current_target()
    objects.SETTINGS_FILE.write_bytes(b"opt: \xff\n")
    assert len({before, other, objects.current_target()}) == 3


def test_targets_share_a_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for setting, code in (("2", CODE), ("3", CODE[::-1]), ("2", CODE)):
        monkeypatch.setenv("NUMBA_OPT", setting)
        objects.target.cache_clear()
        assert objects.read(KERNEL) == (CODE if len(list(folder.iterdir())) == 2 else None)
        objects.write(folder, KERNEL, code)
    objects.target.cache_clear()
    assert len(list(folder.iterdir())) == 2


def test_settings_changed_after_the_first_kernel_are_not_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from numba.core import config

    assert objects.read(KERNEL) is None
    with monkeypatch.context() as patch:
        patch.setattr(config, "CPU_NAME", "generic")
        objects.write(folder, KERNEL, CODE)
        patch.undo()
        patch.setenv("NUMBA_OPT", "1")
        objects.write(folder, KERNEL, CODE)
    assert list(folder.iterdir()) == []
    objects.write(folder, KERNEL, CODE)
    assert objects.read(KERNEL) == CODE


def test_without_sources_nothing_is_cached(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects.write(folder, KERNEL, CODE)
    assert objects.source_digest() == objects.SOURCES
    monkeypatch.setattr(objects, "PACKAGE", tmp_path)
    assert objects.source_digest() is None
    monkeypatch.setattr(objects, "SOURCES", None)
    assert objects.read(KERNEL) is None
    only_file(folder).unlink()
    objects.write(folder, KERNEL, CODE)
    assert list(folder.iterdir()) == []
    objects._warn_uncached.cache_clear()
    with pytest.warns(RuntimeWarning, match="sources are not there"), objects.locked() as chosen:
        assert chosen is None


def test_folders_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    for name in ("XDG_CACHE_HOME", "HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, "not/absolute")
    assert objects.folders() == [objects.PACKAGE / "__pycache__"]
