"""A readable dump of a graph that `parse` reads back: one node a line, bodies indented.

input a FIRST wires=2 lanes=1 type=UInt[2]
n1 = input a 0
n3 = xor n1 n2
n4 = and n1 ~n2
output r BOTH lanes=1 type=Bool: ~n4
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import quote, unquote

from gc2pc.ir.graph import Argument, Graph, Group, InputSpec, Kind, Op, OutputSpec, Repeat
from gc2pc.ir.view import View


def dump(graph: Graph) -> str:
    """The whole graph as text."""
    return "\n".join(_lines(graph)) + "\n"


def _literal(literal: int) -> str:
    if literal <= 1:
        return "01"[literal]
    return f"{'~' * (literal & 1)}n{literal >> 1}"


def _view(view: View) -> str:
    if view.table is not None:
        return "[" + ",".join(map(str, view.to_array())) + "]"
    dims = ",".join(f"{size}:{stride}" for size, stride in zip(view.shape, view.strides, strict=True))
    return f"{view.offset}+{dims}"


def _lines(graph: Graph) -> Iterator[str]:
    for spec in graph.inputs:
        random = " random" if spec.random else ""
        yield (
            f"input {quote(spec.name)} {spec.group.name} wires={spec.wires} lanes={spec.lanes}"
            f" type={quote(spec.type)}{random}"
        )
    for node in range(1, len(graph)):
        yield from _node_lines(graph, node)
    for out in graph.outputs:
        bits = " ".join(map(_literal, out.literals))
        yield f"output {quote(out.name)} {out.group.name} lanes={out.lanes} type={quote(out.type)}: {bits}"


def _node_lines(graph: Graph, node: int) -> Iterator[str]:
    op, a, b = Op(graph.op[node]), graph.a[node], graph.b[node]
    head = f"n{node} = {op.name.lower()}"
    if op in (Op.XOR, Op.AND):
        yield f"{head} {_literal(a)} {_literal(b)}"
    elif op is Op.MASK:
        yield f"{head} {_literal(a)} {_bits(graph.constants[b])}"
    elif op is Op.CONSTANT:
        yield f"{head} {_bits(graph.constants[a])}"
    elif op is Op.INPUT:
        yield f"{head} {a} {b}"
    elif op is Op.GATHER:
        yield head + "".join(f" {_literal(literal)}@{_view(view)}" for literal, view in graph.gathers[a])
    elif op is Op.RESULT:
        yield f"{head} n{a} {b} lanes={graph.width[node]}"
    elif op is Op.ARGUMENT:
        argument = graph.arguments[a]
        yield f"{head} {argument.kind.name} {argument.outer} lanes={argument.lanes}"
    elif op is Op.REPEAT:
        repeat = graph.repeats[a]
        parts = (repeat.initial, repeat.next_state, repeat.ys)
        initial, state, ys = (",".join(map(_literal, part)) for part in parts)
        yield f"{head} trips={repeat.trips} initial={initial} next={state} ys={ys}"
        yield from ("  " + line for line in _lines(repeat.body))


def _bits(data: bytes) -> str:
    return base64.b64encode(data).decode()


def parse(text: str) -> Graph:
    """The graph that `dump` wrote.

    Raises:
        ValueError: The text is no dump; the message quotes the line.
    """
    graph = Graph()
    _Parser(text.splitlines()).fill(graph, "")
    return graph


class _Parser:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.next = 0

    def fill(self, graph: Graph, indent: str) -> None:
        """Read the lines of one graph: all that begin with exactly this indent."""
        while self.next < len(self.lines):
            line = self.lines[self.next]
            body = line.removeprefix(indent)
            if len(line) - len(body) < len(indent) or not body.strip():
                return
            self.next += 1
            try:
                self._line(graph, body, indent)
            except (IndexError, KeyError, ValueError) as error:
                raise ValueError(f"line {self.next} is no line of a dump: {line!r}") from error

    def _line(self, graph: Graph, line: str, indent: str) -> None:
        word, rest = line.split(" ", 1)
        if word == "input":
            graph.add_port(_parse_input(rest.split(" ")))
        elif word == "output":
            graph.outputs.append(_parse_output(rest))
        else:
            self._node(graph, rest.removeprefix("= ").split(" "), indent)

    def _node(self, graph: Graph, words: list[str], indent: str) -> None:
        op = Op[words[0].upper()]
        a = b = lanes = 0
        if op in (Op.XOR, Op.AND):
            a, b = _parse_literal(words[1]), _parse_literal(words[2])
            lanes = graph.lanes(a)
        elif op is Op.MASK:
            a, b = _parse_literal(words[1]), graph.constant_index(base64.b64decode(words[2]))
            lanes = graph.lanes(a)
        elif op is Op.CONSTANT:
            a = graph.constant_index(base64.b64decode(words[1]))
            lanes = len(graph.constants[a])
        elif op is Op.INPUT:
            a, b = int(words[1]), int(words[2])
            lanes = graph.inputs[a].lanes
        elif op is Op.GATHER:
            sources = tuple(_parse_source(word) for word in words[1:])
            a, lanes = graph.gather_index(sources), sum(view.lanes for _, view in sources)
        elif op is Op.RESULT:
            a, b, lanes = int(words[1][1:]), int(words[2]), int(words[3].removeprefix("lanes="))
        elif op is Op.ARGUMENT:
            lanes = int(words[3].removeprefix("lanes="))
            graph.new_argument(Argument(Kind[words[1]], int(words[2]), lanes))
            return
        elif op is Op.REPEAT:
            a = self._repeat(graph, words, indent)
        graph.node(op, a, b, lanes)

    def _repeat(self, graph: Graph, words: list[str], indent: str) -> int:
        fields = dict(word.split("=", 1) for word in words[1:])
        body = graph.body(int(fields["trips"]))
        self.fill(body, indent + "  ")
        initial, state, ys = (
            tuple(_parse_literal(word) for word in fields[key].split(",") if word)
            for key in ("initial", "next", "ys")
        )
        graph.repeats.append(Repeat(body, initial, state, ys))
        return len(graph.repeats) - 1


def _parse_literal(word: str) -> int:
    if word in ("0", "1"):
        return int(word)
    return 2 * int(word.lstrip("~")[1:]) + word.startswith("~")


def _parse_source(word: str) -> tuple[int, View]:
    literal, view = word.split("@")
    if view.startswith("["):
        return _parse_literal(literal), View.indices([int(lane) for lane in view[1:-1].split(",")])
    offset, dims = view.split("+")
    pairs = [dim.split(":") for dim in dims.split(",")]
    shape, strides = [int(size) for size, _ in pairs], [int(stride) for _, stride in pairs]
    return _parse_literal(literal), View.affine(int(offset), shape, strides)


def _parse_input(words: list[str]) -> InputSpec:
    fields = dict(word.split("=", 1) for word in words[2:5])
    return InputSpec(
        unquote(words[0]),
        Group[words[1]],
        words[-1] == "random",
        int(fields["wires"]),
        int(fields["lanes"]),
        unquote(fields["type"]),
    )


def _parse_output(line: str) -> OutputSpec:
    head, bits = line.split(":", 1)
    words = head.split(" ")
    fields = dict(word.split("=", 1) for word in words[2:])
    literals = tuple(_parse_literal(word) for word in bits.split())
    return OutputSpec(
        unquote(words[0]), Group[words[1]], literals, int(fields["lanes"]), unquote(fields["type"])
    )
