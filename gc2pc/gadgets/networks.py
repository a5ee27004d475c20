"""Comparator networks: which pairs to compare and exchange, in which order. Public wiring, no gates.

Up to 64 inputs the smallest networks known (see sorting_networks.txt); above, Batcher's odd-even merges of
sorted parts (Batcher, Sorting networks and their applications, AFIPS 1968; Knuth, TAOCP 3, 5.3.4).
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final, TypeAlias

Pair: TypeAlias = tuple[int, int]
"""Two wires: the smaller value goes to the first."""

_WIRES: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase + "+-"
_LARGEST: Final = 64


@dataclass(frozen=True)
class Network:
    """Layers of independent comparators, and the wires that hold the results in ascending order.

    Attributes:
        inputs: Wires.
        layers: Pairs; no wire is in two pairs of one layer.
        order: The wire of every output.
    """

    inputs: int
    layers: tuple[tuple[Pair, ...], ...]
    order: tuple[int, ...]

    @property
    def size(self) -> int:
        """Comparators."""
        return sum(len(layer) for layer in self.layers)


def network_of(inputs: int, pairs: Iterable[Pair], order: Sequence[int]) -> Network:
    """The network of these comparators, each in the earliest layer it can be in."""
    ready = [0] * inputs
    layers: list[list[Pair]] = []
    for a, b in pairs:
        layer = max(ready[a], ready[b])
        ready[a] = ready[b] = layer + 1
        if layer == len(layers):
            layers.append([])
        layers[layer].append((a, b))
    return Network(inputs, tuple(tuple(layer) for layer in layers), tuple(order))


def pruned(network: Network, outputs: Iterable[int]) -> Network:
    """The network with these outputs only (positions in ascending order), without what they do not need."""
    order = [network.order[i] for i in outputs]
    needed = set(order)
    kept: list[Pair] = []
    for a, b in reversed([pair for layer in network.layers for pair in layer]):
        if a in needed or b in needed:
            needed |= {a, b}
            kept.append((a, b))
    return network_of(network.inputs, reversed(kept), order)


@lru_cache(2)
def _published(what: str = "") -> dict[int, tuple[Pair, ...]]:
    """By number of inputs, the comparators of the file's sorting networks, or those called `what`."""
    text = (files("gc2pc.gadgets") / "sorting_networks.txt").read_text(encoding="ascii")
    table = {}
    for line in text.splitlines():
        words = line.removeprefix(what).split()
        if line.startswith(what) and words[0].isdigit():
            wires = [_WIRES.index(char) for char in "".join(words[1:])]
            table[int(words[0])] = tuple(zip(wires[::2], wires[1::2], strict=True))
    return table


def _merge(x: Sequence[int], y: Sequence[int], pairs: list[Pair]) -> list[int]:
    """Batcher's odd-even merge of two sorted lists of wires: appends its pairs, returns the order."""
    if not x or not y:
        return [*x, *y]
    if len(x) == len(y) == 1:
        pairs.append((x[0], y[0]))
        return [x[0], y[0]]
    odds, evens = _merge(x[::2], y[::2], pairs), _merge(x[1::2], y[1::2], pairs)
    merged = [odds[0]]
    for even, odd in zip(evens, odds[1:], strict=False):
        pairs.append((even, odd))
        merged += [even, odd]
    return merged + odds[len(evens) + 1 :] + evens[len(odds) - 1 :]


@lru_cache(None)
def _merge_size(m: int, n: int) -> int:
    """Comparators of `_merge`."""
    if m == 0 or n == 0 or m == n == 1:
        return m * n
    return _merge_size((m + 1) // 2, (n + 1) // 2) + _merge_size(m // 2, n // 2) + (m + n - 1) // 2


@lru_cache(None)
def _best_split(n: int) -> tuple[int, int]:
    """(comparators, size of the first part) of the best of a few ways to sort n > 64 by one merge."""
    power = 1 << (n - 1).bit_length() - 1
    splits = {n // 2, power, 3 * power // 4}
    return min((_sort_size(k) + _sort_size(n - k) + _merge_size(k, n - k), k) for k in splits)


def _sort_size(n: int) -> int:
    if n <= _LARGEST:
        return len(_published().get(n, ()))
    return _best_split(n)[0]


def _sort(wires: Sequence[int], pairs: list[Pair]) -> list[int]:
    """Sort these wires: appends the pairs, returns the order."""
    if len(wires) <= _LARGEST:
        pairs += [(wires[a], wires[b]) for a, b in _published().get(len(wires), ())]
        return list(wires)
    split = _best_split(len(wires))[1]
    return _merge(_sort(wires[:split], pairs), _sort(wires[split:], pairs), pairs)


@lru_cache(256)
def sorting_network(n: int) -> Network:
    """A network that sorts n >= 1 values: 60 comparators for 16, 185 for 32, 521 for 64."""
    pairs: list[Pair] = []
    order = _sort(range(n), pairs)
    return network_of(n, pairs, order)


@lru_cache(256)
def merging_network(m: int, n: int) -> Network:
    """A network that merges two sorted lists: wires 0 to m - 1, and m to m + n - 1."""
    pairs: list[Pair] = []
    order = _merge(range(m), range(m, m + n), pairs)
    return network_of(m + n, pairs, order)


@lru_cache(256)
def median_network(n: int) -> Network:
    """A network that gives the middle value of n, or both middle values, in no order, of an even number."""
    middle = range((n - 1) // 2, n // 2 + 1)
    if n in _published("median"):
        return network_of(n, _published("median")[n], middle)
    return pruned(sorting_network(n), middle)


@lru_cache(256)
def choosing_network(n: int, place: int) -> Network:
    """A network that gives the value at one place of the ascending order."""
    best = pruned(sorting_network(n), [place])
    low, high = (n - 1) // 2, n // 2
    if n in _published("median") and place in (low, high):
        pairs = _published("median")[n] + (((low, high),) if low < high else ())
        best = min(best, pruned(network_of(n, pairs, range(n)), [place]), key=lambda network: network.size)
    return best


def _least(wires: Sequence[int], k: int, leaf: int, pairs: list[Pair]) -> list[int]:
    """The k least in order, by sorting parts of `leaf` wires and merging what may still be among them."""
    if len(wires) <= leaf:
        return _sort(wires, pairs)[:k]
    half = -(-len(wires) // 2)
    left, right = (_least(part, k, leaf, pairs) for part in (wires[:half], wires[half:]))
    return _merge(left, right, pairs)[:k]


@lru_cache(256)
def selecting_network(n: int, k: int) -> Network:
    """A network whose outputs are the k least of n values, in order: the smallest of several."""
    best = pruned(sorting_network(n), range(k))
    leaf = n
    while leaf > max(k, 1):
        leaf = -(-leaf // 2)
        pairs: list[Pair] = []
        order = _least(range(n), k, leaf, pairs)
        best = min(best, pruned(network_of(n, pairs, order), range(k)), key=lambda network: network.size)
    return best
