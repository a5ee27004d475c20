"""Permutation networks: which switches there are, and how they are set to give a permutation.

A. Waksman's network for any number of elements (Beauquier, Darrot, On arbitrary size Waksman networks and
their vulnerability, 2002): n log2 n - n + 1 switches for powers of two, in general the sum of ceil(log2 i)
for i from 1 to n. Routing is the looping algorithm (Opferman, Tsao-Wu, 1971); its running time depends on the
permutation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Pair = tuple[int, int]
"""Two wires that a switch exchanges or not."""


Uniform = Callable[[int], bytes]
"""The next n random bytes."""


@dataclass(frozen=True)
class SwitchNetwork:
    """Layers of switches on wires, numbered layer by layer.

    Attributes:
        layers: Pairs; no wire is in two pairs of one layer.
        order: The wire of every output.
        numbers: The number of every switch in the order in which `route` sets them.
    """

    layers: tuple[tuple[Pair, ...], ...]
    order: tuple[int, ...]
    numbers: tuple[int, ...]

    @property
    def size(self) -> int:
        """Switches."""
        return len(self.numbers)


def switch_count(n: int) -> int:
    """Switches of the network for n elements."""
    return sum((i - 1).bit_length() for i in range(1, n + 1))


@lru_cache(64)
def permutation_network(n: int) -> SwitchNetwork:
    """The network for n >= 1 elements."""
    pairs: list[Pair] = []
    order = _wire(list(range(n)), pairs)
    ready = [0] * n
    layers: list[list[int]] = []
    for number, (a, b) in enumerate(pairs):
        layer = max(ready[a], ready[b])
        ready[a] = ready[b] = layer + 1
        if layer == len(layers):
            layers.append([])
        layers[layer].append(number)
    _arrange(layers, pairs, n)
    numbers = {place: i for i, place in enumerate(place for layer in layers for place in layer)}
    return SwitchNetwork(
        tuple(tuple(pairs[number] for number in layer) for layer in layers),
        tuple(order),
        tuple(numbers[i] for i in range(len(pairs))),
    )


def _arrange(layers: list[list[int]], pairs: list[Pair], n: int) -> None:
    """Order the switches of every layer as their inputs lie after the layers before, so that few moves do.

    A layer leaves its first outputs in one row and its second outputs in another.
    """
    places = [(0, wire) for wire in range(n)]
    for row, layer in enumerate(layers, 1):
        layer.sort(key=lambda number: (places[pairs[number][0]], places[pairs[number][1]]))
        for i, number in enumerate(layer):
            for side, wire in enumerate(pairs[number]):
                places[wire] = (2 * row + side, i)


def _wire(wires: Sequence[int], pairs: list[Pair]) -> list[int]:
    """Append the switches of a network on these wires, in `_set`'s order; the wires of its outputs."""
    n = len(wires)
    if n <= 1:
        return list(wires)
    pairs += zip(wires[: n - 1 : 2], wires[1::2], strict=True)
    if n == 2:
        return list(wires)
    upper, lower = _wire(wires[: n - n % 2 : 2], pairs), _wire([*wires[1::2], *wires[n - n % 2 :]], pairs)
    outputs = [wire for couple in zip(upper, lower, strict=False) for wire in couple] + lower[len(upper) :]
    pairs += zip(outputs[: _exits(n) * 2 : 2], outputs[1 : _exits(n) * 2 : 2], strict=True)
    return outputs


def _exits(n: int) -> int:
    """Switches in front of the outputs: the last pair of an even number needs none."""
    return (n - 1) // 2


def route(permutation: Sequence[int]) -> NDArray[np.uint8]:
    """The settings, by number, with which output i is input ``permutation[i]``; 1 exchanges."""
    bits: list[int] = []
    _set(list(permutation), bits)
    settings = np.zeros(len(bits), dtype=np.uint8)
    settings[list(permutation_network(len(permutation)).numbers)] = bits
    return settings


def _set(source: list[int], bits: list[int]) -> None:
    """Append the settings of a network whose output i is its input source[i]."""
    n = len(source)
    if n <= 2:
        bits += [int(source[0] == 1)] if n == 2 else []
        return
    low = _colour(source)
    inputs = [int(low[i]) for i in range(0, n - 1, 2)]
    outputs = [int(low[source[i]]) for i in range(0, 2 * _exits(n), 2)]
    parts: tuple[list[int], list[int]] = ([0] * (n // 2), [0] * (n - n // 2))
    for i, j in enumerate(source):
        parts[low[j]][i // 2] = j // 2
    bits += inputs
    _set(parts[0], bits)
    _set(parts[1], bits)
    bits += outputs


def _colour(source: list[int]) -> list[int]:
    """Which half (1: the lower) every input goes through.

    The two inputs of a switch take different halves, and so do the two that the outputs of a switch want.
    The last output is wired to the lower half, and so is a last input that has no partner.
    """
    n = len(source)
    target = {j: i for i, j in enumerate(source)}
    half = [-1] * n
    for start in (source[n - 1], n - 1 if n % 2 else source[n - 1], *range(n)):
        waiting = [(start, int(start == source[n - 1] or (n % 2 == 1 and start == n - 1)))]
        while waiting:
            j, colour = waiting.pop()
            if half[j] < 0:
                half[j] = colour
                partners = [j ^ 1, source[target[j] ^ 1] if target[j] ^ 1 < n else n]
                waiting += [(other, colour ^ 1) for other in partners if other < n]
    return half


def uniform_permutation(n: int, random: Uniform) -> list[int]:
    """A uniform permutation (Fisher, Yates); numbers out of range are drawn again, so there is no bias."""
    permutation = list(range(n))
    for i in range(n - 1, 0, -1):
        j = _below(i + 1, random)
        permutation[i], permutation[j] = permutation[j], permutation[i]
    return permutation


def _below(n: int, random: Uniform) -> int:
    """A uniform number below n."""
    bits = (n - 1).bit_length()
    while True:
        number = int.from_bytes(random(-(-bits // 8)), "little") & ((1 << bits) - 1)
        if number < n:
            return number
