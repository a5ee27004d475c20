"""Which records move which elements of a value; see `influence`."""

from __future__ import annotations

from gc2pc.dp.influence import Moves
from gc2pc.dp.influence import moves as moves_of_wires
from gc2pc.dp.private import ADD_REMOVE, current, protected_ports
from gc2pc.lang.backend import TRACE
from gc2pc.lang.value import Value


def moves(x: Value, groups: int) -> Moves | None:
    """How many elements of `x` one record moves: in all, and at most in one of `groups` groups.

    Elements are in row-major order with the groups last. In a plain call every row of axis 0 counts as a
    record of its own, since values do not tell where they come from there.

    Returns:
        None if it cannot be told: then one record may move all of them.
    """
    backend = TRACE.get()
    if backend is None:
        rows = x.shape[0] if x.shape else 1
        return Moves(x.size // rows, max(1, x.size // rows // groups))
    wires = [wire for wire in x.data_for(backend) if wire > 1]
    if not wires:
        return Moves(0, 0)
    graph = top = backend.graph
    while top.parent is not None:
        top = top.parent
    asked = current()
    joint = asked.relation == ADD_REMOVE  # who is there may be another's to say than what they say
    return moves_of_wires(graph, wires, groups, protected_ports(asked, top), joint=joint)
