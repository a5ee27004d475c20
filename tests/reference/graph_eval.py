"""A graph's meaning, spelled out: the independent oracle for passes, scheduling and gadgets.

Values are NumPy bool arrays of shape (lanes, samples); repeats run as Python loops.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gc2pc.ir.graph import Graph, Kind, Op

Bits = NDArray[np.bool_]


def evaluate_graph(
    graph: Graph, inputs: Mapping[str, NDArray[np.uint8]], samples: int = 1
) -> dict[str, NDArray[np.uint8]]:
    """Outputs as uint8 (wires, lanes, samples) from inputs of the same layout, random ports included."""
    ports = [np.asarray(inputs[spec.name]).astype(bool) for spec in graph.inputs]
    for spec, port in zip(graph.inputs, ports, strict=True):
        assert port.shape == (spec.wires, spec.lanes, samples), (spec, port.shape)
    values = _run(graph, ports, [], samples)
    return {
        out.name: np.stack(
            [np.broadcast_to(_literal(values, lit), (out.lanes, samples)) for lit in out.literals]
        ).astype(np.uint8)
        for out in graph.outputs
    }


def evaluate_literals(
    graph: Graph, literals: Sequence[int], inputs: Mapping[str, NDArray[np.uint8]]
) -> list[Bits]:
    """The values of any literals of a top-level graph, (lanes, samples) or (1, 1) for constants."""
    ports = [np.asarray(inputs[spec.name]).astype(bool) for spec in graph.inputs]
    samples = ports[0].shape[2] if ports else 1
    values = _run(graph, ports, [], samples)
    return [_literal(values, literal) for literal in literals]


def and_count(graph: Graph, literals: Sequence[int]) -> int:
    """Scalar ANDs that `literals` of a graph without repeats depend on."""
    seen: set[int] = set()
    stack = [literal >> 1 for literal in literals]
    total = 0
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        op, a, b = graph.op[node], graph.a[node], graph.b[node]
        if op in (Op.XOR, Op.AND):
            total += graph.width[node] if op == Op.AND else 0
            stack += [a >> 1, b >> 1]
        elif op == Op.MASK:
            stack.append(a >> 1)
        elif op == Op.GATHER:
            stack += [literal >> 1 for literal, _ in graph.gathers[a]]
        else:
            assert op in (Op.ZERO, Op.INPUT, Op.CONSTANT), "repeats are not counted here"
    return total


def and_depth(graph: Graph, literals: Sequence[int]) -> int:
    """ANDs on the longest path to any of `literals`, in a graph without repeats."""
    depth = [0] * len(graph)
    for node, (op, a, b) in enumerate(zip(graph.op, graph.a, graph.b, strict=True)):
        if op in (Op.XOR, Op.AND):
            depth[node] = max(depth[a >> 1], depth[b >> 1]) + (op == Op.AND)
        elif op == Op.MASK:
            depth[node] = depth[a >> 1]
        elif op == Op.GATHER:
            depth[node] = max(depth[literal >> 1] for literal, _ in graph.gathers[a])
    return max(depth[literal >> 1] for literal in literals)


def _literal(values: list[Bits], literal: int) -> Bits:
    return values[literal >> 1] ^ bool(literal & 1)


def _constant(graph: Graph, index: int) -> Bits:
    return np.frombuffer(graph.constants[index], dtype=np.uint8).astype(bool)[:, None]


def _run(graph: Graph, ports: list[Bits], arguments: list[Bits], samples: int) -> list[Bits]:
    """The value of every node, in the order in which the nodes were made."""
    values: list[Bits] = []
    results: dict[int, list[Bits]] = {}
    for node, (op, a, b) in enumerate(zip(graph.op, graph.a, graph.b, strict=True)):
        if op == Op.ZERO:
            value = np.zeros((1, 1), dtype=bool)
        elif op == Op.INPUT:
            value = ports[a][b]
        elif op == Op.CONSTANT:
            value = _constant(graph, a)
        elif op == Op.XOR:
            value = _literal(values, a) ^ _literal(values, b)
        elif op == Op.AND:
            value = _literal(values, a) & _literal(values, b)
        elif op == Op.MASK:
            value = _literal(values, a) & _constant(graph, b)
        elif op == Op.GATHER:
            value = _gather(graph, values, a, samples)
        elif op == Op.ARGUMENT:
            value = arguments[a]
        elif op == Op.REPEAT:
            results[node] = _repeat(graph, values, a, samples)
            value = np.zeros((1, 1), dtype=bool)
        else:
            assert op == Op.RESULT
            value = results[a][b]
        values.append(value)
    return values


def _gather(graph: Graph, values: list[Bits], index: int, samples: int) -> Bits:
    pieces = []
    for literal, view in graph.gathers[index]:
        source = _literal(values, literal)
        piece = source if literal <= 1 else source[view.to_array()]
        pieces.append(np.broadcast_to(piece, (view.lanes, samples)))
    return np.concatenate(pieces)


def _repeat(graph: Graph, values: list[Bits], index: int, samples: int) -> list[Bits]:
    record = graph.repeats[index]
    body = record.body
    lanes = [argument.lanes for argument in body.arguments if argument.kind is Kind.STATE]
    states = [
        np.broadcast_to(_literal(values, literal), (n, samples))
        for literal, n in zip(record.initial, lanes, strict=True)
    ]
    ys: list[list[Bits]] = [[] for _ in record.ys]
    for trip in range(record.trips):
        arguments, state = [], iter(states)
        for argument in body.arguments:
            if argument.kind is Kind.STATE:
                arguments.append(next(state))
                continue
            outer = _literal(values, argument.outer)
            if argument.kind is Kind.XS:
                outer = outer[trip * argument.lanes : (trip + 1) * argument.lanes]
            arguments.append(outer)
        inner = _run(body, [], arguments, samples)
        states = [
            np.broadcast_to(_literal(inner, literal), (n, samples))
            for literal, n in zip(record.next_state, lanes, strict=True)
        ]
        for kept, literal in zip(ys, record.ys, strict=True):
            kept.append(np.broadcast_to(_literal(inner, literal), (body.lanes(literal), samples)))
    return states + [np.concatenate(kept) for kept in ys]
