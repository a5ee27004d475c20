# ruff: noqa: ARG002  (both backends take what either of them needs)
"""Values as wires: every operation emits gates over all lanes of the value at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gc2pc.gadgets import adder, compare, dot_product, lane_sum, multiply, select, shift, tournament
from gc2pc.gadgets.wires import Wires, extend
from gc2pc.ir.graph import FALSE, TRUE, Graph
from gc2pc.ir.view import View
from gc2pc.lang.aliases import Links
from gc2pc.lang.backend import Rearrange, Shape
from gc2pc.lang.codec import to_bits
from gc2pc.lang.operation import Operation
from gc2pc.lang.profile import NOWHERE, Marks
from gc2pc.lang.source import compile_error, user_frame
from gc2pc.lang.types import BOOL, Scalar


def view_of(shape: Shape, move: Rearrange) -> tuple[View, Shape]:
    """Which lanes `move` reads, found by applying it to an array of that shape.

    Basic slicing, transposing and broadcasting return views of the array, whose offset and strides are the
    affine view; nothing is read, so the probe's pages are never touched. Whatever copies (fancy indexing)
    is applied to the lane numbers instead.
    """
    probe = np.empty(prod(shape), dtype=np.uint8).reshape(shape)
    moved = move(probe)
    if moved.size == 0:
        raise compile_error("the result of this operation is empty; arrays have at least one element")
    if np.may_share_memory(moved, probe):
        offset = moved.__array_interface__["data"][0] - probe.__array_interface__["data"][0]
        return View.affine(offset, moved.shape, moved.strides), moved.shape
    lanes = move(np.arange(probe.size, dtype=np.int64).reshape(shape))
    return View.indices(lanes), lanes.shape


class TracedBackend:
    """Gates into one graph: a whole circuit's, or a repeat body's."""

    public: bool = False

    def __init__(self, graph: Graph, marks: Marks | None = None) -> None:
        self.graph = graph
        self.marks = marks
        self.links = Links()

    def mark(self) -> None:
        """Note which line of the program makes the next gates, if somebody wants to know."""
        if self.marks is not None:
            frame = user_frame()
            line = (frame.f_code.co_filename, frame.f_lineno) if frame else NOWHERE
            self.marks.setdefault(id(self.graph), []).append((len(self.graph), line))

    def is_inside(self, other: object) -> bool:
        """Whether this is a repeat body within what the backend `other` traces."""
        if not isinstance(other, TracedBackend):
            return False
        graph = self.graph.parent
        while graph is not None and graph is not other.graph:
            graph = graph.parent
        return graph is not None

    def constant(self, raw: NDArray[Any], scalar: Scalar) -> Wires:
        """FALSE and TRUE where all lanes agree, constant wires elsewhere."""
        bits = to_bits(scalar, raw.reshape(-1))
        return [self.graph.constant(plane) for plane in bits]

    def captured(self, wires: Sequence[int], graph: Graph) -> Wires:
        """Wires of an enclosing graph, seen from this one."""
        chain: list[Graph] = []
        inner: Graph | None = self.graph
        while inner is not None and inner is not graph:
            chain.append(inner)
            inner = inner.parent
        if inner is None:
            raise compile_error(
                "a value made inside a repeat body (or by another circuit) is used outside of it",
                "return it from the body as state or y",
            )
        for body in reversed(chain):
            wires = [wire if wire <= TRUE else body.capture(wire) for wire in wires]
        return list(wires)

    def random(self, scalar: Scalar, shape: Shape) -> Wires:
        """Joint random bits: neither party knows or chooses them."""
        return self.graph.random(scalar.bits, prod(shape))

    def add(self, x: Wires, y: Wires, scalar: Scalar) -> Wires:
        """x + y, wrapped."""
        return adder.add(self.graph, x, y)

    def subtract(self, x: Wires, y: Wires, scalar: Scalar) -> Wires:
        """x - y, wrapped."""
        return adder.subtract(self.graph, x, y)

    def negate(self, x: Wires, scalar: Scalar) -> Wires:
        """-x, wrapped."""
        return adder.negate(self.graph, x)

    def absolute(self, x: Wires, scalar: Scalar) -> Wires:
        """|x|, wrapped."""
        return adder.absolute(self.graph, x) if scalar.signed else x

    def multiply(self, x: Wires, tx: Scalar, y: Wires, ty: Scalar, out: Scalar, shift_by: int) -> Wires:
        """Nearest even of x * y / 2^shift_by, wrapped."""
        biased = multiply.multiply(
            self.graph, x, y, out.bits + shift_by, (tx.signed, ty.signed), shift.half(shift_by)
        )
        return shift.round_biased(self.graph, biased, shift_by)

    def less(self, x: Wires, y: Wires, scalar: Scalar) -> Wires:
        """x < y."""
        return [compare.less_than(self.graph, x, y, scalar.signed)]

    def equal(self, x: Wires, y: Wires, scalar: Scalar) -> Wires:
        """x == y."""
        return [compare.equal(self.graph, x, y)]

    def _bitwise(self, gate: Callable[[int, int], int], x: Wires, y: Wires) -> Wires:
        return [gate(a, b) for a, b in zip(x, y, strict=True)]

    def bit_and(self, x: Wires, y: Wires) -> Wires:
        """One AND per bit."""
        return self._bitwise(self.graph.and_, x, y)

    def bit_or(self, x: Wires, y: Wires) -> Wires:
        """One AND per bit."""
        return self._bitwise(self.graph.or_, x, y)

    def bit_xor(self, x: Wires, y: Wires) -> Wires:
        """Free."""
        return self._bitwise(self.graph.xor, x, y)

    def invert(self, x: Wires, scalar: Scalar) -> Wires:
        """Free."""
        return [bit ^ 1 for bit in x]

    def shift_left(self, x: Wires, scalar: Scalar, amount: int) -> Wires:
        """Free."""
        return shift.shift_left(x, amount)

    def shift_right(self, x: Wires, scalar: Scalar, amount: int) -> Wires:
        """Free."""
        return shift.shift_right(x, amount, scalar.signed)

    def select(self, choice: Wires, then: Wires, otherwise: Wires) -> Wires:
        """At most one AND per bit, and one to join nested conditions."""
        return select.nested_mux(self.graph, choice[0], then, otherwise)

    def convert(self, x: Wires, before: Scalar, after: Scalar) -> Wires:
        """Free unless fraction bits are rounded away; to Bool: whether it is not zero."""
        if after.kind == BOOL:
            return [compare.any_true(self.graph, x)]
        up = after.fraction - before.fraction
        if up >= 0:
            return extend([FALSE] * up + x, after.bits, before.signed)
        rounded = shift.round_shift(self.graph, x, -up, before.signed)
        return extend(rounded, after.bits, before.signed)

    def elementwise(self, operation: Operation, operands: Sequence[Wires]) -> Sequence[Wires]:
        """Its gates."""
        results = operation.gates(self.graph, *operands)
        return results if len(operation.results) > 1 else [results]

    def bits(self, x: Wires, scalar: Scalar) -> Sequence[Wires]:
        """Free."""
        return [[bit] for bit in x]

    def from_bits(self, bits: Sequence[Wires], scalar: Scalar) -> Wires:
        """Free."""
        return [bit[0] for bit in bits]

    def rearrange(self, x: Wires, shape: Shape, move: Rearrange) -> tuple[Wires, Shape]:
        """One view for all bits; nothing is computed."""
        view, moved = view_of(shape, move)
        return [bit if bit <= TRUE else self.graph.gather([(bit, view)]) for bit in x], moved

    def concatenate(self, parts: Sequence[tuple[Wires, Shape]], shape: Shape, move: Rearrange) -> Wires:
        """One gather per bit, and a second one where the parts interleave."""
        views = [View.identity(prod(part)) for _, part in parts]
        joined: Wires = []
        for bits in zip(*(wires for wires, _ in parts), strict=True):
            joined.append(self.graph.gather(list(zip(bits, views, strict=True))))
        lanes = sum(view.lanes for view in views)
        return self.rearrange(joined, (lanes,), move)[0]

    def total(self, x: Wires, before: Scalar, count: int, after: Scalar, shift_by: int) -> Wires:
        """Full adders over lanes; the rounding bias rides in the columns."""
        width = after.bits + shift_by
        group = self._group(x, count)
        biased = lane_sum.sum_lanes(
            self.graph, x, count, group, width, signed=before.signed, bias=shift.half(shift_by)
        )
        return shift.round_biased(self.graph, biased, shift_by)

    def matrix_product(
        self, x: Wires, tx: Scalar, y: Wires, ty: Scalar, sizes: Shape, after: Scalar, shift_by: int
    ) -> Wires:
        """All partial products in one set of columns, the rounding bias too."""
        biased = dot_product.dot_product(
            self.graph,
            x,
            y,
            dot_product.Sizes(*sizes),
            after.bits + shift_by,
            (tx.signed, ty.signed),
            shift.half(shift_by),
        )
        return shift.round_biased(self.graph, biased, shift_by)

    def extreme(self, x: Wires, scalar: Scalar, count: int, largest: bool) -> tuple[Wires, Wires]:
        """A tournament of neighbours over lanes."""
        group = self._group(x, count)
        return tournament.extreme(self.graph, x, count, group, signed=scalar.signed, largest=largest)

    def _group(self, x: Wires, count: int) -> int:
        """Outputs of a reduction over `count` values; 1 will do if all bits are constant."""
        lanes = max(self.graph.lanes(bit) for bit in x)
        return max(1, lanes // count)
