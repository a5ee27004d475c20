"""Permuting elements over lanes by secret switches: one AND per bit and switch, one traced switch a layer."""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.sorting import Rows, compare_exchange, spread
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import TRUE, Graph
from gc2pc.ir.permutation import permutation_network
from gc2pc.ir.view import View


def permute(graph: Graph, columns: Sequence[tuple[Wires, int]], count: int, switches: int) -> list[Wires]:
    """The elements as the switches of `ir.permutation.permutation_network` order them.

    Args:
        graph: Where the gates go.
        columns: What moves: bits of ``count * group`` lanes, element-major, and the group.
        count: Elements.
        switches: One wire; its lanes are the switches by number.
    """
    network = permutation_network(count)
    table = [Rows(graph, x, count, group) for x, group in columns]
    start = 0
    for layer in network.layers:
        view = View.affine(start, (len(layer),), (1,))
        swap = switches if switches <= TRUE else graph.gather([(switches, view)])
        start += len(layer)
        first, second = [a for a, _ in layer], [b for _, b in layer]
        for rows in table:
            x, y = compare_exchange(
                graph, rows.take(first), rows.take(second), spread(graph, swap, rows.group)
            )
            rows.put(first, x)
            rows.put(second, y)
    return [rows.take(network.order) for rows in table]
