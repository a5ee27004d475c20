"""Values on the command line: `name=text`, or `name=@file.json`, `@file.npy`, `@file.csv`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gc2pc.errors import InputError

if TYPE_CHECKING:
    from gc2pc.lang.program import Program


def split_assignments(texts: Iterable[str]) -> dict[str, str]:
    """`["a=1", "b=@b.npy"]` as a mapping.

    Raises:
        InputError: No `=`, no name, or a name twice.
    """
    values: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise InputError(f"{text!r} is not of the form name=value")
        if name in values:
            raise InputError(f"{name} is given twice")
        values[name] = value
    return values


def read_values(program: Program, texts: Iterable[str]) -> dict[str, Any]:
    """Turn assignments into values for the parameters of `program`.

    Text is read by the parameter's type; what a file holds is passed on as it is, and checked where all
    values are.

    Raises:
        InputError: An unknown name, a file that cannot be read, or text that does not fit its type.
    """
    values: dict[str, Any] = {}
    for name, text in split_assignments(texts).items():
        if text.startswith("@"):
            values[name] = read_file(name, Path(text[1:]))
        elif name in _sizes(program):
            values[name] = _read_static(name, int, text)
        else:
            values[name] = _read_text(program, name, text)
    return values


def _sizes(program: Program) -> set[str]:
    """Names of array dimensions, which are given like inputs: `n=100`."""
    return {size for parameter in program.inputs_of() for size in parameter.type.symbols}


def _read_text(program: Program, name: str, text: str) -> Any:
    parameter = program.parameter(name)
    if parameter.static:
        return _read_static(name, parameter.type, text)
    try:
        return parameter.type.parse(text)
    except InputError as error:
        raise InputError(f"input {name!r}: {error}") from None


def _read_static(name: str, kind: type, text: str) -> Any:
    """A public parameter: text as it is, anything else as JSON of that type."""
    if kind is str:
        return text
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        value = None
    if kind is float and type(value) is int:
        value = float(value)
    if kind is tuple and isinstance(value, list):
        value = tuple(value)
    if type(value) is not kind:
        raise InputError(f"the public parameter {name!r} is of type {kind.__name__}, not {text!r}")
    return value


def read_file(name: str, path: Path) -> Any:
    """The value in a `.json`, `.npy` or `.csv` file.

    Raises:
        InputError: Unknown ending, no such file, or content that cannot be read.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{name}: cannot read {path}: the ending must be one of {', '.join(_READERS)}")
    try:
        return reader(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise InputError(f"{name}: cannot read {path}: {reason}") from error


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _read_npy(path: Path) -> Any:
    import numpy as np

    return np.load(path, allow_pickle=False)


def _read_csv(path: Path) -> Any:
    """Numbers separated by commas, with or without a header line.

    One row or one column gives a vector, otherwise the shape is (rows, columns). Whole numbers stay whole.
    """
    import numpy as np

    rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    if rows and not all(_is_number(cell) for cell in rows[0]):
        rows = rows[1:]
    if not rows or len({len(row) for row in rows}) != 1:
        raise ValueError("the rows are not all of one length" if rows else "there are no numbers in it")
    whole = all(_is_whole(cell) for row in rows for cell in row)
    table = np.array([[int(cell) if whole else float(cell) for cell in row] for row in rows])
    return table.reshape(-1) if 1 in table.shape else table


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_whole(text: str) -> bool:
    try:
        int(text)
    except ValueError:
        return False
    return True


_READERS: dict[str, Callable[[Path], Any]] = {".json": _read_json, ".npy": _read_npy, ".csv": _read_csv}
