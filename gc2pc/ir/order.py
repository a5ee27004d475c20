"""The order in which the scheduler considers nodes: one that keeps few values alive."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gc2pc.ir.flat import FlatGraph, Ints


def late_order(flat: FlatGraph) -> Ints:
    """The live nodes in program order, but gates that can wait right before their first reader.

    A gate can wait if it is not the last reader of any gate: running it frees nothing.
    """
    gates = np.flatnonzero(flat.live & flat.gate)
    edges = flat.edges[flat.live[flat.edges[:, 0]]]
    reads = np.concatenate([flat.left[gates], flat.right[gates], edges[:, 1]]) >> 1
    readers = np.concatenate([gates, gates, edges[:, 0]])
    last = np.full(flat.size, -1)
    np.maximum.at(last, reads, readers)
    waits = (last >= 0) & flat.live & flat.gate
    last[flat.roots >> 1] = flat.size
    for operand in (flat.left[gates] >> 1, flat.right[gates] >> 1):
        waits[gates[(last[operand] == gates) & flat.gate[operand]]] = False
    live = np.flatnonzero(flat.live)
    position = _positions(waits, reads, readers)[live]
    return live[np.argsort(position, kind="stable")]


def _positions(waits: NDArray[np.bool_], reads: Ints, readers: Ints) -> Ints:
    """Per node its own number, or for one that waits the least position of its readers."""
    position = np.where(waits, len(waits), np.arange(len(waits)))
    by_waiting = waits[reads]
    reads, readers = reads[by_waiting], readers[by_waiting]
    settled = ~waits[readers]
    np.minimum.at(position, reads[settled], readers[settled])
    # Readers that wait themselves come after what they read, so the last one is settled first.
    reads, readers = reads[~settled], readers[~settled]
    backward = np.argsort(-readers, kind="stable")
    places = position.tolist() if len(reads) else []
    for node, reader in zip(reads[backward].tolist(), readers[backward].tolist(), strict=True):
        places[node] = min(places[node], places[reader])
    return np.array(places, dtype=np.int64) if len(reads) else position
