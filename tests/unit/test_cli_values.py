"""Values on the command line and in files."""

import contextlib
import io
import json
import traceback
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gc2pc import Array, Bool, Fixed, UInt, circuit, parties
from gc2pc.cli.values import read_file, read_values, split_assignments
from gc2pc.errors import Gc2pcError, InputError

left, right = parties("left", "right")


@circuit
def program(
    a: Array[UInt[8], "n"] @ left,  # noqa: F821 - a size
    b: Fixed[4, 4] @ right,
    k: int,
    flag: bool,
    label: str,
) -> Bool @ left:
    return a.sum() > UInt[16](k)


def test_assignments_keep_text_after_the_first_equals_sign():
    assert split_assignments(["a=1", "b=x=y", "c="]) == {"a": "1", "b": "x=y", "c": ""}


@pytest.mark.parametrize("text", ["a", "=1", "1a=2", "a b=3", ""])
def test_what_is_no_assignment_is_refused(text: str):
    with pytest.raises(InputError, match="name=value"):
        split_assignments([text])


def test_a_name_given_twice_is_refused():
    with pytest.raises(InputError, match="a is given twice"):
        split_assignments(["a=1", "a=2"])


def test_text_is_read_by_the_type_of_its_parameter():
    values = read_values(program, ["a=1,2,3", "b=-0.5", "k=7", "flag=true", "label=x", "n=3"])
    assert values == {
        "a": [1, 2, 3],
        "b": Fraction(-1, 2),
        "k": 7,
        "flag": True,
        "label": "x",
        "n": 3,
    }


@pytest.mark.parametrize("text", ["k=x", "k=1.5", "k=true", "flag=1", "n=two", "b=one", "a=1,x", "nothing=1"])
def test_text_that_does_not_fit_names_the_input(text: str):
    with pytest.raises(InputError, match=text.partition("=")[0]):
        read_values(program, [text])


@given(st.text())
def test_any_text_is_a_value_or_an_error_of_ours(text: str):
    with contextlib.suppress(Gc2pcError):
        read_values(program, [f"a={text}"])


def test_json_numpy_and_csv_files_give_the_same_array(tmp_path: Path):
    array = np.array([[1, 2, 3], [4, 5, 6]])
    (tmp_path / "a.json").write_text(json.dumps(array.tolist()))
    np.save(tmp_path / "a.npy", array)
    (tmp_path / "a.csv").write_text("1,2,3\n4,5,6\n")
    (tmp_path / "named.csv").write_text("x,y,z\n1,2,3\n4,5,6\n\n")
    for name in ("a.json", "a.npy", "a.csv", "named.csv"):
        assert np.array_equal(read_file("a", tmp_path / name), array)


@pytest.mark.parametrize("text", ["1,2,3", "1\n2\n3\n", "v\n1\n2\n3"])
def test_one_row_or_column_of_csv_is_a_vector(tmp_path: Path, text: str):
    (tmp_path / "v.csv").write_text(text)
    vector = read_file("v", tmp_path / "v.csv")
    assert vector.shape == (3,)
    assert vector.dtype.kind == "i"


def test_csv_with_fractions_is_float(tmp_path: Path):
    (tmp_path / "v.csv").write_text("1,2.5\n3,4\n")
    assert np.array_equal(read_file("v", tmp_path / "v.csv"), np.array([[1, 2.5], [3, 4]]))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.json", b"{", "no JSON that can be read at line 1, column 2"),
        ("a.json", b"[" * 100_000, "no JSON that can be read at some place"),
        ("a.json", b'"\xff"', "not UTF-8"),
        ("a.csv", b"1,2\n3\n", "one length"),
        ("a.csv", b"", "no numbers"),
        ("a.csv", b"1,x\n\n2,3\n3,y\n", "row 4, column 2 holds no number"),
        ("a.csv", b"1,\xff", "not UTF-8"),
        ("a.npy", b"not an array", "no .npy file of numbers"),
        ("a.npy", b"", "no .npy file of numbers"),
        ("a.txt", b"1", "ending"),
    ],
)
def test_a_bad_file_is_an_input_error_that_names_input_and_file(
    tmp_path: Path, name: str, content: bytes, reason: str
):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=reason) as caught:
        read_values(program, [f"a=@{tmp_path / name}"])
    assert "a: cannot read" in str(caught.value)
    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"1,2\nsesame,3\n"),
        ("a.json", b'["sesame\\q"]'),
        ("a.json", b"[1, sesame]"),
        ("a.npy", b"\x93NUMPY\x01\x00\x0a\x00{'sesame':\n"),
    ],
)
def test_no_content_of_a_file_stands_in_an_error(tmp_path: Path, name: str, content: bytes):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_file("a", tmp_path / name)
    assert "sesame" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None, "nothing else keeps the text either"


def test_a_value_without_its_name_is_not_shown():
    with pytest.raises(InputError, match="value 2 is not of the form name=value"):
        split_assignments(["a=1", "800000"])


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("b", "0.5\n", Fraction(1, 2)),
        ("a", "[1,\n 2]\n", [1, 2]),
        ("k", "7", 7),
        ("label", "@-\n", "@-"),
        ("n", "3", 3),
    ],
)
def test_one_value_comes_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, name: str, typed: str, value: object
):
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    assert read_values(program, [f"{name}=@-"]) == {name: value}


def test_a_terminal_is_asked_for_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    terminal = io.StringIO("1,2\n3,4\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)
    assert read_values(program, ["a=@-"]) == {"a": [1, 2]}
    assert capsys.readouterr() == ("", "a, then Enter:\n")


def test_standard_input_holds_one_value(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("1"))
    with pytest.raises(InputError, match="only one value can come from standard input, not a and b"):
        read_values(program, ["a=@-", "k=1", "b=@-"])


@pytest.mark.parametrize("stdin", [None, io.StringIO(" \n"), io.TextIOWrapper(io.BytesIO(b"\xff"), "utf-8")])
def test_nothing_useful_on_standard_input(monkeypatch: pytest.MonkeyPatch, stdin: io.TextIOBase | None):
    monkeypatch.setattr("sys.stdin", stdin)
    with pytest.raises(InputError, match=r"a: .* standard input"):
        read_values(program, ["a=@-"])


def test_what_standard_input_holds_is_not_shown(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("sesame"))
    with pytest.raises(InputError, match="input 'b'") as caught:
        read_values(program, ["b=@-"])
    assert "sesame" not in str(caught.value)


def test_a_missing_file_is_an_input_error(tmp_path: Path):
    with pytest.raises(InputError, match="No such file"):
        read_file("a", tmp_path / "a.npy")


def test_pickles_are_not_loaded(tmp_path: Path):
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="objects are not loaded"):
        read_file("a", tmp_path / "a.npy")
