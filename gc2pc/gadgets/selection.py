"""The k-th smallest of many values, bit by bit.

From the highest bit down, the candidates (values that agree with the result so far) whose bit is 0 are
counted; their number decides the result's bit and who stays a candidate. 3n + O(log n) ANDs per bit of n
values, where a sorting network costs 2 per comparator and bit: cheaper from about ten values on.
"""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.adder import subtract
from gc2pc.gadgets.compare import less_than
from gc2pc.gadgets.lane_sum import sum_lanes
from gc2pc.gadgets.select import mux
from gc2pc.gadgets.wires import Wires, constant_wires
from gc2pc.ir.graph import TRUE, Graph
from gc2pc.ir.view import View


def kth_smallest(graph: Graph, x: Sequence[int], count: int, group: int, rank: int) -> Wires:
    """The unsigned value that is at place `rank` (from 0) in ascending order.

    Args:
        graph: Where the gates go.
        x: Bits of ``count * group`` lanes, element-major.
        count: Values of one output.
        group: Outputs.
        rank: Public place, below `count`.
    """
    places = count.bit_length()
    left = constant_wires(rank, places)  # how many candidates are below the result
    candidates = TRUE
    result: Wires = []
    for bit in reversed(x):
        zeros = graph.and_(candidates, bit ^ 1)
        number = sum_lanes(graph, [zeros], count, group, places)
        is_one = less_than(graph, left, number) ^ 1
        left = mux(graph, is_one, subtract(graph, left, number), left)
        everywhere = graph.gather([(is_one, View.affine(0, (count, group), (0, 1)))])
        candidates = graph.xor(zeros, graph.and_(everywhere, candidates))
        result.insert(0, is_one)
    return result
