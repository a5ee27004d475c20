"""Random graphs over everything the IR knows: for tests of scheduling, execution and protocols."""

from __future__ import annotations

from random import Random

import numpy as np
from numpy.typing import NDArray

from gc2pc.ir.graph import TRUE, Graph, Group
from gc2pc.ir.view import View

LANES = (1, 1, 2, 3, 4, 5, 9, 300)


class Builder:
    """Grows a graph from a pool of literals by random gates."""

    def __init__(self, random: Random, graph: Graph, pool: list[int], depth: int) -> None:
        self.random, self.graph, self.pool, self.depth = random, graph, pool, depth

    def pick(self, lanes: int | None = None) -> int:
        fitting = [lit for lit in self.pool if lanes is None or self.graph.lanes(lit) == lanes]
        if not fitting or self.random.random() < 0.05:
            return self.random.choice([0, 1]) if lanes is not None else self.pool[0]
        return self.random.choice(fitting) ^ self.random.choice([0, 1])

    def add(self, literal: int) -> None:
        if literal > TRUE:
            self.pool.append(literal)

    def gate(self) -> None:
        a = self.pick()
        b = self.pick(self.graph.lanes(a))
        kind = self.random.random()
        if kind < 0.4:
            self.add(self.graph.and_(a, b))
        elif kind < 0.7:
            self.add(self.graph.xor(a, b))
        elif kind < 0.8:
            bits = [self.random.random() < 0.5 for _ in range(max(1, self.graph.lanes(a)))]
            constant = self.graph.constant(bits)
            self.add(self.graph.and_(a, constant) if kind < 0.75 else self.graph.xor(a, constant))
        else:
            self.add(
                self.graph.gather([self.view(self.pick()) for _ in range(self.random.choice([1, 1, 2]))])
            )

    def view(self, literal: int) -> tuple[int, View]:
        lanes = self.graph.lanes(literal) or 1
        kind = self.random.random()
        if kind < 0.3:
            return literal, View.indices(
                [self.random.randrange(lanes) for _ in range(self.random.choice(LANES))]
            )
        if kind < 0.6 and lanes > 1:
            start = self.random.randrange(lanes)
            step = self.random.choice([-2, -1, 0, 1, 2])
            count = 1
            while 0 <= start + step * count < lanes and count < 9:
                count += 1
            return literal, View.affine(start, [count], [step])
        if lanes in (4, 9):
            side = {4: 2, 9: 3}[lanes]
            return literal, View.affine(0, [side, 2, side], [1, 0, side])
        return literal, View.identity(lanes)

    def repeat(self) -> None:
        trips = self.random.randrange(1, 5)
        body = self.graph.body(trips)
        initial = [self.pick(self.graph.lanes(lit)) for lit in self.random.choices(self.pool, k=2)]
        lanes = [self.graph.lanes(lit) or self.random.choice(LANES[:-1]) for lit in initial]
        pool = [body.state(n) for n in lanes]
        for literal in self.random.choices(self.pool, k=3):
            if self.graph.lanes(literal) % trips == 0:
                pool.append(body.xs(literal, self.graph.lanes(literal) // trips))
            pool.append(body.capture(literal))
        if self.random.random() < 0.5:
            pool += body.random(1, self.random.choice(LANES[:-1]))
        inner = Builder(self.random, body, pool, self.depth + 1)
        inner.grow(self.random.randrange(1, 15))
        after = [inner.pick(n) for n in lanes]
        ys = [y for y in (inner.pick() for _ in range(2)) if y > TRUE]
        finals, kept = self.graph.repeat(body, initial, after, ys)
        self.pool += finals + kept

    def grow(self, gates: int) -> None:
        for _ in range(gates):
            if self.depth < 2 and self.random.random() < 0.05:
                self.repeat()
            else:
                self.gate()


def random_graph(seed: int, gates: int = 60) -> Graph:
    """A graph with ports of every group, decided by `seed` alone."""
    random = Random(seed)
    graph = Graph()
    pool: list[int] = []
    for number, group in enumerate((Group.FIRST, Group.SECOND, Group.SHARED)):
        for part in "xy":
            lanes = random.choice(LANES)
            pool += graph.input(f"{part}{number}", group, random.randrange(1, 4), lanes, "bits")
    pool += graph.random(1, random.choice(LANES))
    builder = Builder(random, graph, pool, 0)
    builder.grow(gates)
    for group in Group:
        literal = builder.pick()
        lanes = graph.lanes(literal) or 1
        bits = [literal, *(builder.pick(lanes) for _ in range(2))]
        graph.output(f"out{int(group)}", group, bits, lanes, "bits")
    return graph


def scalar_graph(seed: int, gates: int = 400) -> Graph:
    """A graph in which every wire has one lane, with a loop: kernels have code of their own for that."""
    random = Random(seed)
    graph = Graph()
    pool = [
        bit for group in (Group.FIRST, Group.SECOND) for bit in graph.input(f"x{group}", group, 5, 1, "bits")
    ]

    def grow(graph: Graph, pool: list[int], gates: int) -> list[int]:
        for _ in range(gates):
            a, b = (random.choice(pool[-25:]) ^ random.choice([0, 1]) for _ in range(2))
            made = random.choice([graph.and_, graph.and_, graph.xor])(a, b)
            pool += [made] if made > TRUE else []
        return random.sample(pool[-25:], 5)

    start = grow(graph, pool, gates)
    body = graph.body(3)
    inner = [body.state(1) for _ in start] + [body.capture(literal) for literal in pool[:9]]
    finals, _ = graph.repeat(body, start, grow(body, inner, gates), [])
    graph.output("out", Group.BOTH, grow(graph, pool + finals, gates), 1, "bits")
    return graph


def random_inputs(graph: Graph, seed: int, batch: int) -> dict[str, NDArray[np.uint8]]:
    """Bits for every port, random ports included, uint8[wires, lanes, batch]."""
    generator = np.random.default_rng(seed)
    return {
        spec.name: generator.integers(0, 2, (spec.wires, spec.lanes, batch), dtype=np.uint8)
        for spec in graph.inputs
    }
