"""Evaluate a circuit in the clear: what `simulate` shows, and the oracle of every protocol test."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gc2pc.errors import InputError
from gc2pc.ir.circuit import Circuit, InputPort
from gc2pc.ir.draws import draw
from gc2pc.ir.machine import Machine

Bits = NDArray[np.uint8]

_PACKED = 128
"""Instances in one row of the arena: one per bit of a label."""


def evaluate(
    circuit: Circuit,
    inputs: Mapping[str, Bits],
    *,
    batch: int = 1,
    randomness: Mapping[str, Bits] | None = None,
) -> dict[str, Bits]:
    """All outputs of `batch` instances, as uint8[wires, lanes, batch] by port name.

    Args:
        circuit: What to evaluate.
        inputs: Bits of every caller's port, uint8[wires, lanes, batch]; [wires, lanes, 1] stands for all
            instances. A shared port gets its value, the XOR of both shares.
        batch: Instances.
        randomness: Bits of every random port, so that tests fix the coins; drawn freshly by default.

    Raises:
        InputError: A port's bits are missing or have the wrong shape.
    """
    generator = np.random.default_rng()
    machine = Machine(circuit, -(-batch // _PACKED))
    for port in circuit.inputs:
        if port.random and randomness is None and not port.joint:
            bits = draw(port.type, port.wires, port.lanes, batch, generator.bytes)
        elif port.random and randomness is None:
            bits = generator.integers(0, 2, (port.wires, port.lanes, batch), dtype=np.uint8)
        else:
            given = (randomness or {}) if port.random else inputs
            bits = _checked(port, given.get(port.name), batch)
        machine.labels(port)[:] = _pack(bits, batch)
    machine.run_clear()
    outputs = {}
    for out in circuit.outputs:
        bits = _unpack(machine.read(out), batch).reshape(out.wires, out.lanes, batch)
        complement = np.array([ref[2] for ref in out.refs], dtype=np.uint8)
        outputs[out.name] = bits ^ complement[:, None, None]
    return outputs


def _checked(port: InputPort, bits: Bits | None, batch: int) -> Bits:
    if bits is None:
        raise InputError(f"input {port.name} is missing")
    if bits.shape not in ((port.wires, port.lanes, batch), (port.wires, port.lanes, 1)):
        raise InputError(
            f"input {port.name}: expected bits of shape {(port.wires, port.lanes, batch)}, got {bits.shape}"
        )
    return np.broadcast_to(bits, (port.wires, port.lanes, batch))


def _pack(bits: Bits, batch: int) -> NDArray[np.uint64]:
    """uint8[wires, lanes, batch] -> uint64[wires * lanes * ceil(batch / 128), 2]."""
    rows = bits.reshape(-1, batch)
    padded = np.zeros((len(rows), -(-batch // _PACKED) * _PACKED), dtype=np.uint8)
    padded[:, :batch] = rows
    return np.packbits(padded, axis=1, bitorder="little").reshape(-1, 16).view("<u8")


def _unpack(labels: NDArray[np.uint64], batch: int) -> Bits:
    """The inverse of `_pack`: uint8[wires * lanes, batch]."""
    width = -(-batch // _PACKED) * _PACKED
    data = np.ascontiguousarray(labels).view(np.uint8).reshape(-1, width // 8)
    return np.unpackbits(data, axis=1, bitorder="little")[:, :batch]
