"""Reading and writing at a secret index, by linear scan.

An index means the element ``effective(i, n)``, so every index means some element and nothing has to be
checked: bits above the needed k = ceil(log2 n) are not read, and an index that is still not below n loses
its top bit.
"""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.select import mux
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import FALSE, TRUE, Graph
from gc2pc.ir.view import View


def effective(index: int, n: int) -> int:
    """The element of n that any index means; an index below n means itself."""
    bits = (n - 1).bit_length()
    index %= 1 << bits
    return index if index < n else index - (1 << bits - 1)


def _used(index: Sequence[int], n: int) -> Wires:
    bits = (n - 1).bit_length()
    return (list(index) + [FALSE] * bits)[:bits]


def read(graph: Graph, x: Sequence[int], n: int, group: int, index: Sequence[int], reads: int) -> Wires:
    """The elements at the indices: a tree of multiplexers, (n - 1) ANDs per bit, lane and read.

    Args:
        graph: Where the gates go.
        x: Bits of ``n * group`` lanes, element-major.
        n: Elements.
        group: Lanes of one element.
        index: Bits of `reads` lanes, unsigned.
        reads: How many indices.

    Returns:
        Bits of ``reads * group`` lanes, read-major.
    """
    first = View.affine(0, (n, reads, group), (group, 0, 1))
    elements = [_seen(graph, bit, first) for bit in x]
    size = reads * group
    for bit in reversed(_used(index, n)):
        half = 1 << (n - 1).bit_length() - 1
        pairs = n - half
        choice = _seen(graph, bit, View.affine(0, (pairs, reads, group), (0, 1, 0)))
        low, high = View.identity(pairs * size), View.affine(half * size, (pairs * size,), (1,))
        picked = mux(
            graph, choice, [_seen(graph, e, high) for e in elements], [_seen(graph, e, low) for e in elements]
        )
        if pairs < half:
            rest = View.affine(pairs * size, ((half - pairs) * size,), (1,))
            picked = [graph.gather([(p, low), (e, rest)]) for p, e in zip(picked, elements, strict=True)]
        elements, n = picked, half
    return elements


def one_hot(
    graph: Graph, index: Sequence[int], n: int, group: int, *, enable: int = TRUE, exact: bool = False
) -> int:
    """One wire of ``n * group`` lanes: lane block e is whether the index means element e.

    Doubles the code per index bit. All places together are one if always enabled, so one of the products of
    a level is the XOR of the others with the bit: 2^k - k - 1 ANDs for 2^k elements.

    Args:
        graph: Where the gates go.
        index: Bits of `group` lanes, unsigned.
        n: Elements.
        group: Indices.
        enable: Nothing is meant where this is false.
        exact: An index that is not below n means nothing (bits above the needed ones are still not read).
    """
    code, length = enable, 1
    for bit in _used(index, n):
        upper = min(length, n - length)
        made = length if exact else upper
        high = _products(graph, code, bit, made, group, known=made == length and enable == TRUE)
        low = graph.xor(_part(graph, code, 0, made, group), high)
        sources = [(low, made), (_part(graph, code, made, length, group), length - made), (high, upper)]
        code = graph.gather([(literal, View.identity(size * group)) for literal, size in sources if size])
        length += upper
    return code


def _products(graph: Graph, code: int, bit: int, size: int, group: int, *, known: bool) -> int:
    """The first `size` blocks of the code times the bit; `known`: the blocks' XOR is one."""
    free = int(known)
    if size == free:
        return bit
    choice = _seen(graph, bit, View.affine(0, (size - free, group), (0, 1)))
    high = graph.and_(_part(graph, code, 0, size - free, group), choice)
    if not known:
        return high
    last = graph.xor(bit, xor_lanes(graph, high, size - 1, group))
    return graph.gather([(high, View.identity((size - 1) * group)), (last, View.identity(group))])


def xor_lanes(graph: Graph, literal: int, count: int, group: int) -> int:
    """The XOR of `count` blocks of `group` lanes. Free."""
    while count > 1:
        half = count // 2
        paired = graph.xor(
            _part(graph, literal, 0, half, group), _part(graph, literal, half, 2 * half, group)
        )
        if count % 2:
            rest = _part(graph, literal, count - 1, count, group)
            paired = graph.gather([(paired, View.identity(half * group)), (rest, View.identity(group))])
        literal, count = paired, half + count % 2
    return literal


def _part(graph: Graph, literal: int, start: int, stop: int, group: int) -> int:
    """Blocks `start` to `stop` of `group` lanes."""
    if start == stop or literal <= TRUE:
        return literal
    return graph.gather([(literal, View.affine(start * group, ((stop - start) * group,), (1,)))])


def _seen(graph: Graph, literal: int, view: View) -> int:
    return literal if literal <= TRUE else graph.gather([(literal, view)])
