"""Digests of every byte of a fixed set of runs: the wire format, frozen in `tests/vectors/wire_trace.json`.

An intended change of the wire format edits that file in the same commit, and PROTOCOL_VERSION with it:

    python -m tests.reference.wire_trace > tests/vectors/wire_trace.json
"""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any

from tests.reference.protocol_runs import CIRCUITS, check, connect, draw

RUNS = ((0, 1), (0, 9), (1, 1), (0, 1))
"""(garbler, batch) of the runs of one connection: direct OTs, both contexts, the extension."""


def traces() -> dict[str, Any]:
    """Per circuit and run: bytes and SHA-256 of what alice and bob sent, with the real OT, seeded."""
    return {name: connection(name) for name in CIRCUITS}


def connection(name: str) -> list[dict[str, Any]]:
    """The runs of one circuit on one connection."""
    pair = connect(name.encode(), real_ot=True)
    found = []
    for seed, (garbler, batch) in enumerate(RUNS):
        circuit = CIRCUITS[name](garbler=garbler)
        inputs = draw(circuit, seed, batch=batch)
        result = pair.run(circuit, inputs)
        check(circuit, inputs, result)
        assert result.transcripts is not None
        one, two = (hashlib.sha256(sent).hexdigest() for sent in result.transcripts)
        found.append(
            {"garbler": garbler, "batch": batch, "bytes": list(result.sent), "alice": one, "bob": two}
        )
    return found


if __name__ == "__main__":
    json.dump(traces(), sys.stdout, indent=1)
    sys.stdout.write("\n")
