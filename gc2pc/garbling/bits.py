"""Bits on the wire and under masks, without a branch or an index that depends on them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gc2pc.effects import Protocol, receive_array, send_array
from gc2pc.errors import PeerError
from gc2pc.kernels.labels import shift_labels

Bits = NDArray[np.uint8]
Labels = NDArray[np.uint64]

NO_BITS: Final = np.zeros(0, np.uint8)


def send_bits(bits: Bits, *, now: bool = False) -> Protocol[None]:
    """Send uint8[n] of 0/1 as ceil(n / 8) bytes, least significant bit first, padded with zeros."""
    yield from send_array(np.packbits(bits, bitorder="little"), now=now)


def receive_bits(count: int, what: str) -> Protocol[Bits]:
    """The next `count` bits as uint8[count].

    Raises:
        PeerError: A padding bit is set: there is one encoding of every message.
    """
    packed = np.zeros(-(-count // 8), np.uint8)
    yield from receive_array(packed)
    if count % 8 and packed[-1] >> (count % 8):
        raise PeerError(f"the peer's {what} have padding bits that are not zero")
    return np.unpackbits(packed, count=count, bitorder="little")


def shifted(labels: Labels, bits: Bits, delta: NDArray[np.uint64]) -> Labels:
    """uint64[n, 2]: labels[i] xor bits[i] * delta, for bits uint8[n] of 0 and 1."""
    out = np.empty_like(labels)
    shift(labels, bits, delta, out)
    return out


def shift(labels: Labels, bits: Bits, delta: NDArray[np.uint64], out: Labels) -> None:
    """The same into `out`, which may be `labels`."""
    if labels.shape != (len(bits), 2) or out.shape != labels.shape:  # kernels do not check bounds
        raise ValueError(f"labels {labels.shape} for {len(bits)} bits, into {out.shape}")
    shift_labels(labels, np.ascontiguousarray(bits), delta, out)


def colors(labels: Labels) -> Bits:
    """The color bits of labels uint64[n, 2], as uint8[n]."""
    return (labels[:, 0] & np.uint64(1)).astype(np.uint8) if len(labels) else NO_BITS
