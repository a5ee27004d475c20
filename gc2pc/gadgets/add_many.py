"""The sum of several numbers modulo 2^n, compressed column by column.

Fewer ANDs than a chain of adders: in a column, full adders take three bits to two for one AND whatever
number they come from, and the carries out of the top column are never made.
"""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.columns import Columns
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import Graph


def add_many(graph: Graph, numbers: Sequence[Sequence[int]]) -> Wires:
    """The sum of m numbers of n bits mod 2^n: about (m - 1)(n - 1) ANDs, and m - 1 - HW(m - 1) fewer.

    Constants are collected into one, which costs as much as one operand from its second bit on.
    """
    columns = Columns(graph, len(numbers[0]))
    for number in numbers:
        columns.add_number(number)
    return columns.compress()
