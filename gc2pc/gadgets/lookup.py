"""Looking a secret index up in a public table, for any number of output bits.

Split the k index bits into low and high ones. Every output bit is the XOR, over the products h of high bits
(h = 1 among them), of h times some function g of the low bits; all functions of the low bits are XORs of
their products, which cost 2^l - l - 1 ANDs once. What remains is one AND per h and per independent g. The
cheapest split is taken: all bits low is the plain algebraic normal form, which any number of outputs share;
an even split is best for few outputs.
"""

from __future__ import annotations

from collections.abc import Sequence

from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import FALSE, TRUE, Graph


def look_up(graph: Graph, index: Sequence[int], table: Sequence[int], width: int) -> Wires:
    """``table[index]`` modulo 2^width.

    Args:
        graph: Where the gates go.
        index: k bits, unsigned.
        table: 2^k public integers.
        width: Bits of the result.
    """
    k = len(index)
    if len(table) != 1 << k:
        raise ValueError(f"{k} index bits need {1 << k} entries, not {len(table)}")
    form = _normal_form([entry % (1 << width) for entry in table])
    # columns[j]: which products (bit positions) output j is the XOR of.
    columns = [int("".join("01"[bits >> j & 1] for bits in reversed(form)), 2) for j in range(width)]
    low = min(range(k + 1), key=lambda split: _cost(columns, k, split))
    products = _products(graph, index[:low])
    result = [FALSE] * width
    for h, high in enumerate(_products(graph, index[low:])):
        parts = [column >> (h << low) & (1 << (1 << low)) - 1 for column in columns]
        basis = _basis(parts)
        terms = {vector: graph.and_(high, _combination(graph, vector, products)) for vector in basis}
        for j, part in enumerate(parts):
            for vector in _coordinates(part, basis):
                result[j] = graph.xor(result[j], terms[vector])
    return result


def _normal_form(table: list[int]) -> list[int]:
    """The Moebius transform of all output bits at once: entry s tells which outputs take the product s."""
    form, step = list(table), 1
    while step < len(form):
        for i in range(len(form)):
            if i & step:
                form[i] ^= form[i ^ step]
        step <<= 1
    return form


def _cost(columns: Sequence[int], k: int, low: int) -> int:
    """ANDs of a split, without those that folding saves."""
    mask = (1 << (1 << low)) - 1
    cost = (1 << low) - low - 1 + (1 << k - low) - (k - low) - 1
    for h in range(1, 1 << k - low):
        parts = [column >> (h << low) & mask for column in columns]
        cost += sum(vector != 1 for vector in _basis(parts))
    return cost


def _basis(vectors: Sequence[int]) -> list[int]:
    """Vectors that span the same space over GF(2), in echelon form: distinct leading bits, descending.

    Leading bits are the highest; the constant 1 (times which a product is free) is bit 0.
    """
    basis: list[int] = []
    for vector in vectors:
        rest = _reduced(vector, basis)
        if rest:
            basis = sorted([*basis, rest], reverse=True)
    return basis


def _reduced(vector: int, basis: Sequence[int]) -> int:
    for member in basis:
        vector = min(vector, vector ^ member)
    return vector


def _coordinates(vector: int, basis: Sequence[int]) -> list[int]:
    """The members of the basis whose XOR is `vector`."""
    members = []
    for member in basis:
        if vector ^ member < vector:
            vector ^= member
            members.append(member)
    return members


def _products(graph: Graph, bits: Sequence[int]) -> Wires:
    """The ANDs of all subsets of the bits: 2^l - l - 1 ANDs. The empty one is TRUE."""
    products = [TRUE]
    for bit in bits:
        products += [graph.and_(product, bit) for product in products]
    return products


def _combination(graph: Graph, vector: int, products: Sequence[int]) -> int:
    total = FALSE
    for s in range(vector.bit_length()):
        if vector >> s & 1:
            total = graph.xor(total, products[s])
    return total
