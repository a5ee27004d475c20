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


@pytest.mark.parametrize("setting", ["NUMBA_OPT", "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "NUMBA_ENABLE_AVX"])
def test_settings_of_numbas_are_part_of_the_stamp(monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    monkeypatch.delenv(setting, raising=False)
    before = objects.target.__wrapped__()
    monkeypatch.setenv("NUMBA_CACHE_DIR", "elsewhere")
    assert objects.target.__wrapped__() == before
    monkeypatch.setenv(setting, "0")
    assert objects.target.__wrapped__() != before


def test_a_settings_file_is_part_of_the_stamp(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    before = objects.target.__wrapped__()
    (tmp_path / ".numba_config.yaml").write_text("opt: 1\n")
    assert objects.target.__wrapped__() != before


def test_folders_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    for name in ("XDG_CACHE_HOME", "HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, "not/absolute")
    assert objects.folders() == [objects.PACKAGE / "__pycache__"]
