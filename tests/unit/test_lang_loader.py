"""Programs by path, and the gallery's programs."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gc2pc.errors import CompileError, InputError
from gc2pc.lang import loader

CIRCUITS = Path(__file__).resolve().parents[2] / "circuits"

SOURCE = """
from gc2pc.lang import *
alice, bob = parties("alice", "bob")

@circuit
def one(a: UInt[8] @ alice) -> UInt[8] @ Both:
    return a + 1
"""
SECOND = """
@circuit
def two(a: UInt[8] @ alice) -> UInt[8] @ Both:
    return a + 2
"""


def write(folder: Path, text: str, name: str = "mine.py") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def test_a_program_by_path_and_name(tmp_path: Path) -> None:
    path = write(tmp_path, SOURCE + SECOND)
    assert loader.load_program(f"{path}:two").simulate(1) == 3


def test_the_name_may_be_left_out_if_there_is_one(tmp_path: Path) -> None:
    assert loader.load_program(write(tmp_path, SOURCE)).name == "one"


def test_files_of_one_name_do_not_collide(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    first = loader.load_program(write(tmp_path, SOURCE))
    second = loader.load_program(write(tmp_path / "other", SOURCE.replace("a + 1", "a + 9")))
    assert (first(1), second(1)) == (2, 10)


def test_files_beside_a_program_can_be_imported(tmp_path: Path) -> None:
    write(tmp_path, "WIDTH = 12\n", "gc2pc_test_sizes.py")
    path = write(tmp_path, "from gc2pc_test_sizes import WIDTH\n" + SOURCE.replace("UInt[8]", "UInt[WIDTH]"))
    assert loader.load_program(path).simulate(4095) == 0


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("{path}:three", "has no program 'three'; it has one, two"),
        ("{path}", "holds one, two; write"),
        ("{path}x:one", "no file"),
        ("nowhere/at/all.py:one", "no file nowhere/at/all.py"),
        ("../circuits/x.py:one", "no file"),
    ],
)
def test_targets_that_do_not_exist(tmp_path: Path, target: str, text: str) -> None:
    path = write(tmp_path, SOURCE + SECOND)
    with pytest.raises(InputError, match=text):
        loader.load_program(target.format(path=path))


def test_a_file_that_fails_names_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, "x = 1\ny = x / 0\n")
    with pytest.raises(CompileError, match="ZeroDivisionError: division by zero") as caught:
        loader.load_program(f"{path}:one")
    assert caught.value.location == f"{path}:2"
    path = write(tmp_path, "x = (\n", "syntax.py")
    with pytest.raises(CompileError, match="SyntaxError"):
        loader.load_program(path)


def test_the_packaged_gallery_is_the_fallback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = tmp_path / "_circuits"
    gallery.mkdir()
    write(gallery, SOURCE, "only_here.py")
    monkeypatch.setattr(loader, "GALLERY", gallery)
    monkeypatch.chdir(tmp_path)
    assert loader.load_program("circuits/only_here.py:one").name == "one"
    with pytest.raises(InputError, match=r"the gallery has circuits/only_here\.py"):
        loader.load_program("circuits/missing.py:one")


def test_richer() -> None:
    richer = loader.load_program(f"{CIRCUITS / 'millionaires.py'}:richer")
    for a, b in [(800_000, 750_000), (750_000, 800_000), (5, 5), (0, 2**32 - 1)]:
        assert richer(a, b) == richer.simulate(a=a, b=b) == (a > b)
    assert richer.stats()["and_gates"] == 32


@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 2), (8, 8)])
def test_first_price(n: int, m: int) -> None:
    first_price = loader.load_program(f"{CIRCUITS / 'auction.py'}:first_price")
    rng = np.random.default_rng(n)
    for _ in range(5):
        a, b = rng.integers(0, 4, n), rng.integers(0, 4, m)  # few prices: many ties
        bids = np.concatenate([a, b])
        expected = (int(bids.argmax()), int(bids.max()))
        assert first_price(a, b) == first_price.simulate(a, b) == expected


def test_linear_models_equal_exact_fixed_point_on_every_row() -> None:
    rng = np.random.default_rng(2)
    features, weights, bias = rng.normal(size=(60, 30)), rng.normal(size=30), -0.71
    scale = 1 << 12

    def raw(values: object) -> list[int]:
        return [int(v) for v in np.rint(np.asarray(values) * scale).reshape(-1)]

    exact = [
        round(Fraction(sum(x * w for x, w in zip(raw(row), raw(weights), strict=True)), scale)) + raw(bias)[0]
        for row in features
    ]
    score = loader.load_program(f"{CIRCUITS / 'linear.py'}:score")
    decision = loader.load_program(f"{CIRCUITS / 'linear.py'}:decision")
    inputs: dict[str, Any] = {"features": features, "weights": weights, "bias": bias}
    assert score.simulate(**inputs).tolist() == [value / scale for value in exact]
    assert decision.simulate(**inputs).tolist() == [value >= 0 for value in exact]
    one = inputs | {"features": features[7]}
    assert (score(**one), decision(**one)) == (exact[7] / scale, exact[7] >= 0)
    assert {str(p) for p in decision.parties} == {"client", "server"}


def test_the_gallery_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert loader.load_program(loader.gallery_target("millionaires.py:richer"))(2, 1)
    monkeypatch.setattr(loader, "GALLERY", tmp_path)
    assert loader.gallery_target("mine.py:f") == f"{tmp_path / 'mine.py'}:f"
