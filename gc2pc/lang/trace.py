"""Running a program's function: on wires to get its graph, or in the clear."""

from __future__ import annotations

import enum
import traceback
from collections.abc import Callable, Mapping
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Final

from gc2pc.errors import CompileError
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import Graph, Group
from gc2pc.lang import tree
from gc2pc.lang.backend import PRIVATE, RUN, TRACE
from gc2pc.lang.base import Base
from gc2pc.lang.binding import Binding, flattened
from gc2pc.lang.clear import CLEAR
from gc2pc.lang.control import choices
from gc2pc.lang.control.undefined import Undefined
from gc2pc.lang.definition import RESULT, definition_error
from gc2pc.lang.exact import Exact
from gc2pc.lang.profile import Marks
from gc2pc.lang.signature import Output, Parameter
from gc2pc.lang.source import compile_error, error_at, is_user_file
from gc2pc.lang.structures import Record
from gc2pc.lang.traced import TracedBackend
from gc2pc.lang.types import ArrayType, Type
from gc2pc.lang.value import Value
from gc2pc.params import LABEL_BYTES, SOFTSPOKEN_K

if TYPE_CHECKING:
    from gc2pc.lang.program import Program

_OT_BYTES: Final = LABEL_BYTES / SOFTSPOKEN_K + 1 / 8
"""Wire bytes of one evaluator's input bit: its OT, and the correction bit."""

_REVEAL_BYTES: Final = 2 * LABEL_BYTES
"""Wire bytes of one output bit revealed to the evaluator: H(W0) and H(W1)."""


def trace(program: Program, binding: Binding, marks: Marks | None = None) -> Graph:
    """The graph of the program for these statics.

    Args:
        program: What to trace.
        binding: Its statics and sizes.
        marks: Filled with the line behind every gate, if given.

    Raises:
        CompileError: The function does something that no circuit can, or returns another type.
        InputError: A static parameter or a size is missing.
    """
    binding.check_complete()
    graph = Graph()
    backend = TracedBackend(graph, marks)

    def secret(parameter: Parameter) -> Value:
        assert parameter.owner is not None
        kind = binding.resolve(parameter.type)
        wires = graph.input(parameter.name, parameter.owner.group, kind.bits, kind.lanes, str(kind))
        return Value.make(kind.element, kind.shape, backend, wires)

    token, private = TRACE.set(backend), PRIVATE.set(program.private)
    try:
        result = copy_context().run(program.body, **_arguments(program, binding, secret))
        choices.check()
        for output, value in _results(program, binding, result):
            kind = binding.resolve(output.type)
            wires = _wires(program, backend, value)
            graph.output(output.name, output.recipient.group, wires, kind.lanes, str(kind))
    except RecursionError as error:
        raise _endless(error) from None
    finally:
        TRACE.reset(token)
        PRIVATE.reset(private)
    return graph


def _endless(error: RecursionError) -> CompileError:
    """Why a recursion does not end: what a secret decides runs on both sides."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    frame = [frame for frame in frames if is_user_file(frame.f_code.co_filename)][-1]
    return error_at(
        frame,
        "this recursion never ends: a secret cannot decide where it stops",
        "a public depth, such as a parameter that counts down to 0",
    )


def _wires(program: Program, backend: TracedBackend, value: Value) -> Wires:
    try:
        return list(value.data_for(backend))
    except CompileError as error:  # raised here, where no line of the function is at work
        raise _wrong(program, error.message, error.suggestion) from None


def run_clear(program: Program, binding: Binding, inputs: Mapping[str, Any]) -> list[Value]:
    """The outputs of the function on clear data (see `ClearBackend`), in the order of the outputs."""
    binding.check_complete()

    def known(parameter: Parameter) -> Value:
        kind = binding.types[parameter.name]
        return Value.make(kind.element, kind.shape, CLEAR, inputs[parameter.name])

    token, run, private = TRACE.set(None), RUN.set(object()), PRIVATE.set(program.private)
    try:
        result = program.body(**_arguments(program, binding, known))
        return [value for _, value in _results(program, binding, result)]
    finally:
        TRACE.reset(token)
        RUN.reset(run)
        PRIVATE.reset(private)


def _arguments(program: Program, binding: Binding, make: Callable[[Parameter], Value]) -> dict[str, Any]:
    """What the function is called with: statics, and for secret parameters what `make` makes."""
    made = [binding.statics[p.name] if p.static else make(p) for p in program.parameters]
    rebuilt: dict[str, Any] = tree.rebuild(program.signature.arguments, iter(made))
    return rebuilt


def inline(program: Program, values: Mapping[str, Any]) -> Any:
    """The function as part of the circuit being traced: owners and recipients play no role.

    Returns:
        What the function returns, in the types of its annotation.

    Raises:
        CompileError: An argument has another type than its parameter, or the result than its annotation.
    """
    flat = flattened(program, values)
    sizes = _statics(program, flat)
    for parameter in program.parameters:
        value = flat.get(parameter.name)
        if parameter.static or value is None:
            continue
        kind = parameter.type
        if not isinstance(value, Base):
            plain = list(value) if isinstance(value, bytes) else value
            value = flat[parameter.name] = Value.constant(plain, kind.element)
        if isinstance(value, Exact):
            value = flat[parameter.name] = value.adopt(kind.element)
        if isinstance(kind, ArrayType) and len(kind.dims) == value.ndim:
            named = [(d, n) for d, n in zip(kind.dims, value.shape, strict=True) if isinstance(d, str)]
            sizes |= {dim: sizes.get(dim, size) for dim, size in named}
        if value.type != kind.resolve(sizes).storage:
            raise compile_error(
                f"{program.name} takes {parameter.name} of type {kind}, not {value.type}",
                f"x.to({kind.element})",
            )
    given = {name: schema for name, schema in program.signature.arguments.items() if name in values}
    rebuilt = tree.rebuild(given, iter([flat[leaf.name] for leaf in tree.leaves(given)]))
    found = _results(program, Binding(program, sizes, {}), program.body(**rebuilt))
    return tree.rebuild(program.signature.structure, (value for _, value in found))


def _statics(program: Program, flat: Mapping[str, Any]) -> dict[str, Any]:
    """The static parameters of a function that becomes part of a circuit."""
    statics: dict[str, Any] = {}
    for parameter in program.parameters:
        if not parameter.static:
            continue
        name = parameter.type.__name__
        value = statics[parameter.name] = flat.get(parameter.name, parameter.default)
        for leaf in tree.leaves(value):
            if isinstance(leaf, Base):
                raise compile_error(
                    f"{program.name} takes the public {name} {parameter.name}, not {leaf.type}",
                    f"{parameter.name}: {leaf.type} @ ... in the definition of {program.name}",
                )
    return statics


def _results(program: Program, binding: Binding, result: Any) -> list[tuple[Output, Value]]:
    """Outputs with their values, checked against the annotation."""
    found: list[tuple[Output, Value]] = []

    def visit(expected: Any, value: Any, where: str) -> None:
        if isinstance(expected, Record):
            try:
                parts = expected.take(value)
            except TypeError as error:
                raise _wrong(program, f"{where} is {error}") from None
            for name, part, item in zip(expected.names, expected.parts, parts, strict=True):
                visit(part, item, f"{where}.{name}")
            return
        if isinstance(expected, tuple):
            if not isinstance(value, tuple | list) or len(value) != len(expected):
                got = f"{len(value)} values" if isinstance(value, tuple | list) else _type_text(value)
                raise _wrong(program, f"{where} is a tuple of {len(expected)}, but {got} came back")
            for i, (part, item) in enumerate(zip(expected, value, strict=True)):
                visit(part, item, f"{where}.{i}")
            return
        kind = binding.resolve(expected.type)
        if isinstance(kind, ArrayType) and isinstance(value, Base) and len(kind.dims) == value.ndim:
            named = zip(kind.dims, value.shape, strict=True)  # left over only where a circuit is inlined
            binding.statics.update({dim: size for dim, size in named if isinstance(dim, str)})
            kind = binding.resolve(kind)
        if isinstance(value, Undefined):
            raise _wrong(program, value.message, value.suggestion)
        if not isinstance(value, Base):
            value = _constant(program, kind, value, where)
        if isinstance(value, Exact):
            try:
                value = value.adopt(kind.element)
            except CompileError as error:  # raised here, where no line of the function is at work
                raise _wrong(program, f"{where}: {error.message}", error.suggestion) from None
        if value.type != kind.storage:
            raise _wrong(
                program,
                f"{where} is declared as {kind}, but {value.type} came back",
                _conversion(kind, value),
            )
        found.append((expected, value))

    visit(program.signature.structure, result, "result")
    return found


def _constant(program: Program, kind: Type, value: Any, where: str) -> Value:
    if value is None:
        raise _wrong(
            program, f"{where} is declared as {kind}, but the function returns nothing", "return ..."
        )
    if not isinstance(value, bool | int | float | enum.Enum | bytes):
        raise _wrong(program, f"{where} is declared as {kind}, but {_type_text(value)} came back")
    if isinstance(value, bytes):
        value = list(value)
    constant = Value.constant(value, kind.element)
    return constant if not isinstance(kind, ArrayType) else constant.broadcast(kind.shape)


def _conversion(kind: Type, value: Base) -> str:
    if kind.shape != value.shape:
        return f"change the annotation to {value.type}, or reshape"
    return f"return x.to({kind.element}), or change the annotation to {value.type}"


def _type_text(value: Any) -> str:
    return str(value.type) if isinstance(value, Base) else f"a {type(value).__name__}"


def _wrong(program: Program, message: str, suggestion: str | None = None) -> CompileError:
    return definition_error(program.function, message, suggestion, RESULT)


def choose_garbler(graph: Graph) -> int:
    """The party whose garbling sends fewer bytes beside the tables; the first declared one on ties.

    Tables cost the same either way. The evaluator's input bits each cost an OT; output bits that only one
    party receives cost two hashes if it is the evaluator, one bit if it is the garbler.
    """

    def cost(garbler: int) -> float:
        evaluator = Group(1 - garbler)
        inputs = sum(s.wires * s.lanes for s in graph.inputs if s.group == evaluator)
        outputs = sum(len(o.literals) * o.lanes for o in graph.outputs if o.group == evaluator)
        return inputs * _OT_BYTES + outputs * _REVEAL_BYTES

    return 0 if cost(0) <= cost(1) else 1
