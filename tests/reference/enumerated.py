"""What a sampler's gates make of all strings of random bits: compiled, and run in the clear."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gc2pc.dp.sampler import Sampler
from gc2pc.ir.compile import compile_graph
from gc2pc.ir.evaluate import evaluate
from gc2pc.ir.graph import Graph, Group


def enumerated(
    sampler: Sampler, fixed: dict[int, int] | None = None, other: int = 0
) -> tuple[int, NDArray[np.int64]]:
    """ANDs of the compiled circuit, and its values for all random bits.

    Args:
        sampler: At most about 22 random bits.
        fixed: Random bits that stay as they are, by number.
        other: One side's shares of the random bits; the other's are all that they can be.
    """
    fixed = fixed or {}
    free = [i for i in range(sampler.random_bits) if i not in fixed]
    graph = Graph()
    random = graph.random(sampler.random_bits, 1)
    wires = sampler.gates(graph, [bit ^ (other >> i & 1) for i, bit in enumerate(random)]).wires
    assert len(wires) == sampler.width
    graph.output("noise", Group.BOTH, wires, 1)
    circuit = compile_graph(graph, name="noise", parties=("a", "b"), garbler=0)
    index = np.arange(1 << len(free))
    bits = np.zeros((sampler.random_bits, 1, len(index)), dtype=np.uint8)
    for place, number in enumerate(free):
        bits[number, 0] = index >> place & 1
    for number, bit in fixed.items():
        bits[number] = bit
    made = evaluate(circuit, {}, batch=len(index), randomness={graph.inputs[0].name: bits})["noise"][:, 0]
    values = np.zeros(len(index), dtype=np.int64)
    for i, row in enumerate(made):
        weight = -(1 << i) if sampler.signed and i == sampler.width - 1 else 1 << i
        values += weight * row.astype(np.int64)
    return circuit.and_count, values
