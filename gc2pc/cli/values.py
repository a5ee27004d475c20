"""Values on the command line: `name=text`, or `name=@file.json`, `@file.npy`, `@file.csv`, or `name=@-`.

Error texts may end up in logs: what is in a file or comes from standard input never stands in one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gc2pc.cli.output import note
from gc2pc.errors import InputError

if TYPE_CHECKING:
    from gc2pc.lang.program import Program

STDIN: Final = "@-"
"""Stands for a text that comes from standard input, where neither `ps` nor the shell's history sees it."""


def split_assignments(texts: Iterable[str]) -> dict[str, str]:
    """`["a=1", "b=@b.npy", "p.x=2"]` as a mapping; ``p.x`` is a field of a structure.

    Raises:
        InputError: No `=`, no name, or a name twice.
    """
    values: dict[str, str] = {}
    for position, text in enumerate(texts, 1):
        name, equals, value = text.partition("=")
        first, *fields = name.split(".")
        if not equals or not first.isidentifier() or not all(map(_is_field, fields)):
            raise InputError(f"value {position} is not of the form name=value")
        if name in values:
            raise InputError(f"{name} is given twice")
        values[name] = value
    return values


def _is_field(text: str) -> bool:
    """A field's name, or a place in a tuple."""
    return text.isidentifier() or (text.isascii() and text.isdigit())


def read_values(program: Program, texts: Iterable[str]) -> dict[str, Any]:
    """Turn assignments into values for the parameters of `program`.

    Text is read by the parameter's type; what a file holds is passed on as it is, and checked where all
    values are.

    Raises:
        InputError: An unknown name, a file that cannot be read, or text that does not fit its type.
    """
    values: dict[str, Any] = {}
    assignments = split_assignments(texts)
    typed = [name for name, text in assignments.items() if text == STDIN]
    if len(typed) > 1:
        raise InputError(f"only one value can come from standard input, not {' and '.join(typed)}")
    for name, text in assignments.items():
        if text == STDIN:
            values[name] = _read_text(program, name, _read_stdin(name))
        elif text.startswith("@"):
            values[name] = read_file(name, Path(text[1:]))
        else:
            values[name] = _read_text(program, name, text)
    return values


def _read_stdin(name: str) -> str:
    """One line from a terminal, or else everything there is."""
    try:
        if sys.stdin.isatty():
            note(f"{name}, then Enter:")
            text = sys.stdin.readline()
        else:
            text = sys.stdin.read()
    except (AttributeError, OSError, ValueError):  # sys.stdin may be None, closed, or no UTF-8
        raise InputError(f"{name}: cannot read standard input") from None
    if not text.strip():
        raise InputError(f"{name}: there is no value on standard input")
    return text.strip()


def _sizes(program: Program) -> set[str]:
    """Names of array dimensions, which are given like inputs: `n=100`."""
    return {size for parameter in program.inputs_of() for size in parameter.type.symbols}


def _read_text(program: Program, name: str, text: str) -> Any:
    if name in _sizes(program):
        return _read_static(name, int, text)
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
        InputError: Unknown ending, no such file, or content that cannot be read; the text says where it is
            wrong but shows none of it.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{name}: cannot read {path}: the ending must be one of {', '.join(_READERS)}")
    try:
        return reader(path)
    except InputError as error:
        reason = str(error)
    except OSError as error:
        reason = error.strerror or type(error).__name__
    except UnicodeDecodeError:
        reason = "it is not UTF-8 text"
    except ValueError:
        reason = "this is no file name"
    raise InputError(f"{name}: cannot read {path}: {reason}")


def _read_json(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
    except (RecursionError, ValueError):  # too deep, or a number of thousands of digits
        where = "some place"
    raise InputError(f"it is no JSON that can be read at {where}")


def _read_npy(path: Path) -> Any:
    import numpy as np

    with path.open("rb") as file:
        try:
            return np.lib.format.read_array(file, allow_pickle=False)
        except OSError:
            raise
        except Exception:  # noqa: BLE001 - a bad header raises whatever its parser does, and shows the header
            problem = "it is no .npy file of numbers (objects are not loaded)"
    raise InputError(problem)


def _read_csv(path: Path) -> Any:
    """Numbers separated by commas, with or without a header line.

    One row or one column gives a vector, otherwise the shape is (rows, columns). Whole numbers stay whole.
    """
    import numpy as np

    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [(number, line.split(",")) for number, line in enumerate(lines, 1) if line.strip()]
    if rows and not all(_reads(float, cell) for cell in rows[0][1]):
        rows = rows[1:]
    if not rows or len({len(cells) for _, cells in rows}) != 1:
        raise InputError("the rows are not all of one length" if rows else "there are no numbers in it")
    for number, cells in rows:
        for column, cell in enumerate(cells, 1):
            if not _reads(float, cell):
                raise InputError(f"row {number}, column {column} holds no number")
    kind = int if all(_reads(int, cell) for _, cells in rows for cell in cells) else float
    table = np.array([[kind(cell) for cell in cells] for _, cells in rows])
    return table.reshape(-1) if 1 in table.shape else table


def _reads(kind: type[int | float], text: str) -> bool:
    """Whether `kind(text)` is a number."""
    try:
        kind(text)
    except ValueError:
        return False
    return True


_READERS: dict[str, Callable[[Path], Any]] = {".json": _read_json, ".npy": _read_npy, ".csv": _read_csv}
