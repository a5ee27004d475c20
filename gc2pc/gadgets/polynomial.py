"""Gates of a piecewise polynomial: tables by products of segment bits, rows by XOR, an AND per bit summed."""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.columns import Columns
from gc2pc.gadgets.lookup import look_up
from gc2pc.gadgets.piecewise import Piecewise, Stage
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import FALSE, Graph


def evaluate(
    graph: Graph,
    plan: Piecewise,
    argument: Sequence[int],
    width: int,
    *,
    negative: int = FALSE,
    added: Sequence[int] = (),
    correction: Sequence[int] = (),
) -> Wires:
    """f(argument), or -f where `negative`, in units of the last place of the result modulo 2^width.

    Args:
        graph: Where the gates go.
        plan: The polynomial.
        argument: plan.bits bits.
        width: Bits of the result.
        negative: Whether to take the negative, for free.
        added: A two's-complement number to add, in units of the last stage: one more row.
        correction: A public table by segment of integers to add, in units of the last stage.
    """
    argument = list(argument)
    correction = correction or [0] * (1 << plan.segment_bits)
    tables: list[tuple[Sequence[int], int]] = [(stage.table, stage.width) for stage in plan.stages[:-1]]
    tables.append((plan.stages[-1].table, width + plan.cut))
    tables.append((correction, max(entry.bit_length() for entry in correction) + 1))
    *entries, corrections = _look_up_all(graph, argument[plan.offset_bits :], tables)
    z: Wires = []
    for stage, entry in zip(plan.stages[:-1], entries[:-1], strict=True):
        z = _sum(graph, stage, entry, argument, z, FALSE).compress()
        if stage.sign is not None:
            z.append(stage.sign)
    columns = _sum(graph, plan.stages[-1], entries[-1], argument, z, negative)
    columns.add_number(added, signed=True)
    columns.add_number(corrections, signed=True)
    columns.constant += plan.bias
    return columns.compress()[plan.cut :]


def _look_up_all(graph: Graph, address: Wires, tables: Sequence[tuple[Sequence[int], int]]) -> list[Wires]:
    """One look-up of all tables side by side, so that they share the products of address bits."""
    joined = [0] * (1 << len(address))
    start = 0
    for table, width in tables:
        for i, entry in enumerate(table):
            joined[i] |= entry % (1 << width) << start
        start += width
    bits = look_up(graph, address, joined, start)
    parts = []
    for _, width in tables:
        parts.append(bits[:width])
        bits = bits[width:]
    return parts


def _sum(graph: Graph, stage: Stage, entry: Wires, argument: Wires, z: Wires, negative: int) -> Columns:
    """The table entry and the rows of z, each with its sign, in as many columns as the entry has bits."""
    columns = Columns(graph, len(entry))
    columns.add_number([graph.xor(bit, negative) for bit in entry])
    for digit, drop, weight in stage.rows:
        flip = graph.xor(argument[digit] ^ 1, negative)
        columns.add_number([graph.xor(bit, flip) for bit in z[drop:]], weight, signed=True)
    return columns
