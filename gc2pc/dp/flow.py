"""What reaches the outputs: protected inputs may do so through releases alone, and noise never bare.

Every node carries a set of marks: that it depends on a protected input, on the noise of a release, on what
a release let out. A release's output nodes, and no others, lose the first two kinds. That is sound because

- the value of such a node is what was let out, whoever else reads it;
- it depends on its release's own random bits, or else it would hide nothing: checked here;
- a release's random bits are joint random bits of its own, fresh on every trip: checked here;
- its inputs depend neither on any noise but through outputs, nor on its own outputs: checked here;
- it depends on nothing but its release's inputs and random bits: checked by `proof.check_release`.

Sources: static analysis of information flow, Denning, Denning, "Certification of Programs for Secure
Information Flow" (CACM 1977); post-processing costs nothing, Dwork, Roth (2014), proposition 2.1.
Assumption: none, but dependence is structural, so it errs towards refusing. Threat model: semi-honest
parties, see docs/differential-privacy.md. It does not see what is not in the circuit: sizes, time, how
often anybody runs it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gc2pc.dp.cone import described
from gc2pc.dp.proof import ProofError
from gc2pc.ir.graph import TRUE, Graph, Group, Kind, Op, OutputSpec, Release, Repeat

_XOR, _AND, _MASK, _GATHER = int(Op.XOR), int(Op.AND), int(Op.MASK), int(Op.GATHER)

_RECIPIENTS: Final = {
    Group.FIRST: "the first party",
    Group.SECOND: "the second party",
    Group.SHARED: "an external",
    Group.BOTH: "both parties",
}

_SECRET: Final = 1
_SHOWN: Final = 8
"""Most operations of a path that are worth showing."""

Place = tuple[Graph, int]
"""A node, and the graph that it is in."""


@dataclass(frozen=True)
class Leak:
    """An output that depends on a protected input, or on a release's noise, past the releases.

    Attributes:
        output: Its name.
        recipient: Who gets it.
        path: From what should not reach it ("bids", or "the noise of laplace at poll.py:12") over the
            operations in between to the output.
    """

    output: str
    recipient: str
    path: tuple[str, ...]

    def __str__(self) -> str:
        path = " > ".join(self.path)
        return f"the output {self.output!r} to {self.recipient} depends on {self.path[0]!r} ({path})"


def check_flow(graph: Graph, protected: Collection[str] | None = None) -> Leak | None:
    """The first output that depends on more than what was released; None if all is well.

    Args:
        graph: A whole circuit.
        protected: Names of the protected input ports; None for all that somebody passes.

    Raises:
        ProofError: A release is none: its random bits are another's too, or the same on every trip; its
            output does not depend on them; or some noise is among its inputs.
    """
    flow = _Flow(graph, protected)
    flow.check_releases()
    for spec in graph.outputs:
        leak = flow.leak(spec)
        if leak is not None:
            return leak
    return None


class _Flow:
    """The marks of all nodes of a graph and of the bodies in it.

    Bit 0 is `_SECRET`; release i has two bits, one for its noise and one for what it let out.
    """

    def __init__(self, graph: Graph, protected: Collection[str] | None) -> None:
        self.graph = graph
        self.protected = protected
        self.releases: list[tuple[Graph, Release]] = []
        self.homes: dict[int, tuple[Graph, Repeat]] = {}
        self._collect(graph)
        self.noises = sum(self.noise(i) for i in range(len(self.releases)))
        self.let_out = self.noises << 1
        self.claims = self._claims()
        self.marks: dict[int, list[int]] = {}
        self.hidden: dict[tuple[int, int], int] = {}  # marks of output nodes before they were taken away
        self._spread(graph, ())

    def _collect(self, graph: Graph) -> None:
        self.releases += [(graph, release) for release in graph.releases]
        for repeat in graph.repeats:
            if id(repeat.body) in self.homes:
                raise ProofError("one repeat body runs in two places")
            self.homes[id(repeat.body)] = (graph, repeat)
            self._collect(repeat.body)

    def noise(self, index: int) -> int:
        """The mark of a release's noise; one bit above is that of what it let out."""
        return 2 << 2 * index

    def name(self, index: int) -> str:
        """A release for people."""
        release = self.releases[index][1]
        return f"{release.mechanism} at {release.where}"

    def _named(self, marks: int) -> str:
        """The first release whose noise is marked."""
        return self.name(((marks & -marks).bit_length() - 2) // 2)

    # -- random bits -------------------------------------------------------------------------------

    def _claims(self) -> dict[tuple[int, int], int]:
        """Which release uses up each wire of the random ports."""
        claims: dict[tuple[int, int], int] = {}
        for index, (graph, release) in enumerate(self.releases):
            for literal in release.random:
                wire = self._root(graph, literal >> 1, self.name(index))
                other = claims.setdefault(wire, index)
                if other != index:
                    port = self.graph.inputs[wire[0]].name
                    raise ProofError(
                        f"{self.name(other)} and {self.name(index)} share the random bit {wire[1]} of {port}"
                    )
            if len({literal >> 1 for literal in release.random}) < len(release.random):
                raise ProofError(f"{self.name(index)} uses one random bit for two")
        return claims

    def _root(self, graph: Graph, node: int, name: str) -> tuple[int, int]:
        """The port and the wire of a joint random bit that is another one in every lane and on every trip."""
        while graph.op[node] == Op.ARGUMENT:
            argument, parent = graph.arguments[graph.a[node]], graph.parent
            if argument.kind is not Kind.XS or parent is None:
                how = "captured from outside" if argument.kind is Kind.CAPTURE else "a state of"
                raise ProofError(f"{name}: a random bit is {how} the repeat, so trips share it")
            if parent.lanes(argument.outer) != argument.lanes * graph.trips:
                raise ProofError(f"{name}: trips of the repeat share random bits")
            graph, node = parent, argument.outer >> 1
        if graph.op[node] == Op.INPUT:
            spec = graph.inputs[graph.a[node]]
            if spec.random and spec.group is Group.SHARED:
                return graph.a[node], graph.b[node]
        raise ProofError(f"{name}: {described(graph, node)} is no joint random bit")

    # -- marks -------------------------------------------------------------------------------------

    def _spread(self, graph: Graph, arguments: Sequence[int]) -> list[int]:
        """The marks of a graph's nodes, given those of a body's arguments."""
        op, a, b = graph.op, graph.a, graph.b
        marks = self.marks[id(graph)] = [0] * len(graph)
        barriers = self._barriers(graph)
        results: list[int] = []
        for node in range(1, len(graph)):
            kind = op[node]
            if kind in (_XOR, _AND):
                mark = marks[a[node] >> 1] | marks[b[node] >> 1]
            elif kind == _MASK:
                mark = marks[a[node] >> 1]
            elif kind == _GATHER:
                mark = 0
                for literal, _ in graph.gathers[a[node]]:
                    mark |= marks[literal >> 1]
            elif kind == Op.INPUT:
                mark = self._source(a[node], b[node])
            elif kind == Op.ARGUMENT:
                mark = arguments[a[node]]
            elif kind == Op.RESULT:
                mark = results[b[node]]
            else:
                mark = 0
                if kind == Op.REPEAT:  # its RESULTs follow it
                    results = self._repeat(graph.repeats[a[node]], marks)
            if node in barriers:
                self.hidden[id(graph), node] = mark
                mark = mark & self.let_out | barriers[node]
            marks[node] = mark
        return marks

    def _barriers(self, graph: Graph) -> dict[int, int]:
        """The output nodes of a graph's releases, and the marks that say who let them out."""
        barriers: dict[int, int] = {}
        for index, (place, release) in enumerate(self.releases):
            if place is graph:
                for literal in release.outputs:
                    if graph.op[literal >> 1] not in (Op.ZERO, Op.CONSTANT):
                        barriers[literal >> 1] = barriers.get(literal >> 1, 0) | self.noise(index) << 1
        return barriers

    def _source(self, port: int, wire: int) -> int:
        spec = self.graph.inputs[port]
        if spec.random:
            index = self.claims.get((port, wire))
            return 0 if index is None else self.noise(index)
        return _SECRET if self.protected is None or spec.name in self.protected else 0

    def _repeat(self, repeat: Repeat, outer: list[int]) -> list[int]:
        """Marks of the final states and the ys: trips until the states' marks stay as they are."""
        body = repeat.body
        states = [outer[literal >> 1] for literal in repeat.initial]
        fixed = [outer[argument.outer >> 1] if argument.outer >= 0 else 0 for argument in body.arguments]
        inside = self._let_out_inside(body)
        while True:
            # What an earlier trip let out is another release's output: only within a trip would it be a loop.
            values = iter([state & ~inside for state in states])
            arguments = [
                next(values) if argument.kind is Kind.STATE else fixed[i]
                for i, argument in enumerate(body.arguments)
            ]
            marks = self._spread(body, arguments)
            after = [marks[literal >> 1] for literal in repeat.next_state]
            joined = [old | new for old, new in zip(states, after, strict=True)]
            if joined == states:
                return after + [marks[literal >> 1] for literal in repeat.ys]
            states = joined

    def _let_out_inside(self, body: Graph) -> int:
        """The marks of what the releases of a body, and of the bodies in it, let out."""
        found = 0
        for index, (graph, _) in enumerate(self.releases):
            place: Graph | None = graph
            while place is not None and place is not body:
                place = place.parent
            if place is body:
                found |= self.noise(index) << 1
        return found

    # -- verdicts ----------------------------------------------------------------------------------

    def check_releases(self) -> None:
        """See `check_flow`."""
        for index, (graph, release) in enumerate(self.releases):
            own, name = self.noise(index), self.name(index)
            marks = self.marks[id(graph)]
            for literal in release.inputs:
                mark = marks[literal >> 1]
                if mark & self.noises:
                    other = self._named(mark & self.noises)
                    raise ProofError(f"the noise of {other} is among the inputs of {name}")
                if mark & own << 1:
                    raise ProofError(f"what {name} lets out is among its inputs")
            for number, literal in enumerate(release.outputs):
                if graph.op[literal >> 1] in (Op.ZERO, Op.CONSTANT):
                    continue
                noises = self.hidden[id(graph), literal >> 1] & self.noises
                if not noises & own:
                    raise ProofError(
                        f"bit {number} of what {name} lets out does not depend on its random bits: "
                        f"it is {described(graph, literal >> 1)}"
                    )
                if noises != own:
                    other = self._named(noises & ~own)
                    raise ProofError(f"bit {number} of what {name} lets out depends on the noise of {other}")

    def leak(self, spec: OutputSpec) -> Leak | None:
        """What reaches an output past the releases."""
        marks = self.marks[id(self.graph)]
        for literal in spec.literals:
            mark = marks[literal >> 1] & (_SECRET | self.noises) if literal > TRUE else 0
            if mark:
                path = self._path(literal >> 1, mark & -mark)
                return Leak(spec.name, _RECIPIENTS[spec.group], (*path, spec.name))
        return None

    def _path(self, end: int, mark: int) -> tuple[str, ...]:
        """A shortest way on which a mark came to a node of the circuit."""
        towards: dict[tuple[int, int], Place | None] = {(id(self.graph), end): None}
        queue: list[Place] = [(self.graph, end)]
        for graph, node in queue:
            if graph.op[node] == Op.INPUT:
                return _shortened(self._origin(node, mark), self._names((graph, node), towards))
            for place in self._reads(graph, node):
                key = (id(place[0]), place[1])
                if key not in towards and self.marks[key[0]][key[1]] & mark:
                    towards[key] = (graph, node)
                    queue.append(place)
        raise AssertionError("a mark that came from nowhere")

    def _origin(self, node: int, mark: int) -> str:
        if mark == _SECRET:
            return self.graph.inputs[self.graph.a[node]].name
        return f"the noise of {self._named(mark)}"

    def _names(self, place: Place, towards: dict[tuple[int, int], Place | None]) -> Iterator[str]:
        """The operations on the way from a place to the output."""
        following = towards[id(place[0]), place[1]]
        while following is not None:
            graph, node = following
            if graph.op[node] != Op.ARGUMENT:
                kind = Op(graph.op[node])
                yield {Op.RESULT: "repeat", Op.MASK: "and"}.get(kind, kind.name.lower())
            following = towards[id(graph), node]

    def _reads(self, graph: Graph, node: int) -> list[Place]:
        """The places that a node has its marks from."""
        kind, a, b = graph.op[node], graph.a[node], graph.b[node]
        if kind in (_XOR, _AND):
            return [(graph, a >> 1), (graph, b >> 1)]
        if kind == _MASK:
            return [(graph, a >> 1)]
        if kind == _GATHER:
            return [(graph, literal >> 1) for literal, _ in graph.gathers[a]]
        if kind == Op.RESULT:
            repeat = graph.repeats[graph.a[a]]
            return [(repeat.body, (*repeat.next_state, *repeat.ys)[b] >> 1)]
        if kind != Op.ARGUMENT:
            return []
        argument = graph.arguments[a]
        parent, repeat = self.homes[id(graph)]
        if argument.kind is not Kind.STATE:
            return [(parent, argument.outer >> 1)]
        number = sum(before.kind is Kind.STATE for before in graph.arguments[:a])
        return [(parent, repeat.initial[number] >> 1), (graph, repeat.next_state[number] >> 1)]


def _shortened(origin: str, operations: Iterator[str]) -> tuple[str, ...]:
    """A path without repetitions, and without the middle of a long one."""
    path = [origin]
    for name in operations:
        if name != path[-1]:
            path.append(name)
    if len(path) > _SHOWN + 1:
        path[_SHOWN // 2 + 1 : -_SHOWN // 2] = ["..."]
    return tuple(path)
