"""Programs by text: ``path/to/file.py:name``, as the command line names them."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Final

from gc2pc.errors import CompileError, Gc2pcError, InputError
from gc2pc.lang.program import Program
from gc2pc.lang.source import error_at, is_user_file

GALLERY: Final = Path(__file__).resolve().parent.parent / "_circuits"
"""Where an installed package carries the gallery of circuits."""

MODULE_PREFIX: Final = "gc2pc_file_"
"""How the names of loaded modules begin."""


def program_error(error: Exception) -> CompileError | None:
    """An exception that a loaded program's own code raised, as an error that points at the line.

    None if no loaded program was running.
    """
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    names = [str(frame.f_globals.get("__name__")) for frame in frames]
    first = next((i for i, name in enumerate(names) if name.startswith(MODULE_PREFIX)), None)
    if first is None:
        return None
    running = [frame for frame in frames[first:] if is_user_file(frame.f_code.co_filename)]
    return error_at(running[-1], f"{type(error).__name__}: {error}")


def load_program(target: str) -> Program:
    """The program that `target` names: ``circuits/millionaires.py:richer``.

    The name may be left out where a file holds one program. A path below ``circuits/`` that does not exist
    is looked up in the gallery that the package carries.

    Raises:
        InputError: There is no such file or program; the text lists what there is.
        CompileError: The file fails while it is imported.
    """
    path_text, separator, name = target.rpartition(":")
    if not separator or not name.isidentifier():
        path_text, name = target, ""
    module = _import_file(_find(path_text))
    programs = {key: value for key, value in vars(module).items() if isinstance(value, Program)}
    listed = ", ".join(programs) or "no program at all"
    if name:
        if name not in programs:
            raise InputError(f"{path_text} has no program {name!r}; it has {listed}")
        return programs[name]
    if len(programs) != 1:
        raise InputError(f"{path_text} holds {listed}; write {path_text}:name")
    return next(iter(programs.values()))


def gallery_target(target: str) -> str:
    """What `load_program` takes for a program of the gallery, such as ``aes.py:aes128``, from any folder.

    The gallery is the package's own, or the one beside it in a source tree.
    """
    folder = GALLERY if GALLERY.is_dir() else GALLERY.parent.parent / "circuits"
    return str(folder / target)


def _find(text: str) -> Path:
    path = Path(text)
    if path.is_file():
        return path
    packaged = GALLERY.joinpath(*path.parts[1:]) if path.parts[:1] == ("circuits",) else GALLERY / path
    if not path.is_absolute() and ".." not in path.parts and packaged.is_file():
        return packaged
    gallery = sorted(f"circuits/{file.name}" for file in GALLERY.glob("*.py"))
    hint = f"; the gallery has {', '.join(gallery)}" if gallery else ""
    raise InputError(f"no file {text}{hint}")


def _import_file(path: Path) -> ModuleType:
    """The module of a file, imported under a name of its own so that no two files collide."""
    location = path.resolve()
    digest = hashlib.sha256(str(location).encode()).hexdigest()[:12]
    name = f"{MODULE_PREFIX}{digest}_{location.stem}"
    spec = importlib.util.spec_from_file_location(name, location)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(location.parent))
    try:
        spec.loader.exec_module(module)
    except Gc2pcError:
        raise
    except Exception as error:
        line = next(
            (
                f.lineno
                for f in reversed(traceback.extract_tb(error.__traceback__))
                if f.filename == str(location)
            ),
            getattr(error, "lineno", None),
        )
        raise CompileError(
            f"the file fails while it is imported: {type(error).__name__}: {error}",
            location=f"{path}:{line}" if line else str(path),
        ) from error
    finally:
        sys.path.remove(str(location.parent))
    return module
