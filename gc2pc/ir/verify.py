"""The graph's invariants, checked before every compilation: an error here is a bug of a pass."""

from __future__ import annotations

import numpy as np

from gc2pc.ir.flat import columns
from gc2pc.ir.graph import Graph, Op


def verify(graph: Graph) -> None:
    """Check order, lanes, normal form and views of a graph and of all bodies in it.

    Raises:
        ValueError: Names the first node that breaks a rule, and the rule.
    """
    for node in _not_plain(graph):
        problem = _problem(graph, node)
        if problem:
            raise ValueError(f"node {node} ({Op(graph.op[node]).name}): {problem}")
    for spec in graph.outputs:
        for literal in spec.literals:
            if literal >> 1 >= len(graph) or graph.lanes(literal) not in (0, spec.lanes):
                raise ValueError(f"output {spec.name}: literal {literal} does not fit")
    for repeat in graph.repeats:
        verify(repeat.body)


def _not_plain(graph: Graph) -> list[int]:
    """All nodes but XORs and ANDs without any problem, which whole-array comparisons find."""
    op, a, b, width = columns(graph)
    left, right = np.clip(a >> 1, 0, len(op) - 1), np.clip(b >> 1, 0, len(op) - 1)
    plain = (op == Op.AND) | ((op == Op.XOR) & ((a | b) & 1 == 0))
    plain &= (a > 1) & (a < b) & (b >> 1 < np.arange(len(op)))
    plain &= (width > 0) & (width[left] == width) & (width[right] == width)
    plain[0] = True
    return np.flatnonzero(~plain).tolist()


def _reads(graph: Graph, node: int) -> list[int]:
    op, a, b = graph.op[node], graph.a[node], graph.b[node]
    if op in (Op.XOR, Op.AND):
        return [a, b]
    if op == Op.GATHER:
        return [literal for literal, _ in graph.gathers[a]]
    if op == Op.REPEAT:
        repeat = graph.repeats[a]
        return [*repeat.initial, *(argument.outer for argument in repeat.body.arguments)]
    return [a] if op == Op.MASK else [2 * a] if op == Op.RESULT else []


def _problem(graph: Graph, node: int) -> str | None:
    op, a, b, lanes = graph.op[node], graph.a[node], graph.b[node], graph.width[node]
    if op != Op.REPEAT and lanes < 1:
        return "it has no lanes"
    if any(literal >> 1 >= node for literal in _reads(graph, node)):
        return "it reads a later node"
    if op in (Op.XOR, Op.AND):
        if not 1 < a < b:
            return "its operands are not in order"
        if op == Op.XOR and (a | b) & 1:
            return "an operand of XOR is complemented"
        if graph.lanes(a) != lanes or graph.lanes(b) != lanes:
            return "its operands have other lanes"
    elif op == Op.MASK:
        if graph.lanes(a) != lanes or len(graph.constants[b]) != lanes:
            return "its operands have other lanes"
    elif op == Op.CONSTANT:
        if len(graph.constants[a]) != lanes:
            return "its bits are not as many as its lanes"
    elif op == Op.GATHER:
        return _gather_problem(graph, node)
    elif op == Op.INPUT:
        if not (0 <= b < graph.inputs[a].wires and graph.inputs[a].lanes == lanes):
            return "its port has no such wire"
    elif op == Op.RESULT and not (graph.op[a] == Op.REPEAT and node == a + 1 + b):
        return "it does not follow its REPEAT"
    return None


def _gather_problem(graph: Graph, node: int) -> str | None:
    sources = graph.gathers[graph.a[node]]
    if sum(view.lanes for _, view in sources) != graph.width[node]:
        return "its views do not add up to its lanes"
    for literal, view in sources:
        low, high = view.bounds()
        if literal > 1 and not 0 <= low <= high < graph.lanes(literal):
            return f"a view reads lanes {low}..{high} of {graph.lanes(literal)}"
    return None
