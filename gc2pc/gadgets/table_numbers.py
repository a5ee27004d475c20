# ruff: noqa: ARG005  (every meaning takes the width)
"""The table of gadgets on integers beyond sums and products: division, roots, secret shifts, divisors."""

from __future__ import annotations

from collections.abc import Callable
from math import gcd, isqrt
from typing import Final

from gc2pc.gadgets import barrel, divide, sign, sqrt, zeros
from gc2pc.gadgets import gcd as binary_gcd
from gc2pc.gadgets.gadget import EMP, Gadget, Peers, to_signed
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import Graph


def floor_divmod(_: int, x: int, y: int) -> tuple[int, int]:
    """Python's divmod; by zero -1 (all ones) and x."""
    return divmod(x, y) if y else (-1, x)


def truncated_divmod(_: int, x: int, y: int) -> tuple[int, int]:
    """C's / and %; by zero -1 and x."""
    if y == 0:
        return -1, x
    quotient = abs(x) // abs(y) * (-1 if (x < 0) != (y < 0) else 1)
    return quotient, x - quotient * y


_Division = Callable[[Graph, Wires, Wires], tuple[Wires, Wires]]
_Meaning = Callable[[int, int, int], tuple[int, int]]


def _quotient(division: _Division, meaning: _Meaning, signed: bool, formula: str, peers: Peers) -> Gadget:
    read = to_signed if signed else lambda value, n: value
    return Gadget(
        2,
        lambda g, v: division(g, v[0], v[1])[0],
        lambda n, x, y: meaning(n, read(x, n), read(y, n))[0],
        formula,
        peers,
    )


def _remainder(division: _Division, meaning: _Meaning, signed: bool, formula: str, peers: Peers) -> Gadget:
    read = to_signed if signed else lambda value, n: value
    return Gadget(
        2,
        lambda g, v: division(g, v[0], v[1])[1],
        lambda n, x, y: meaning(n, read(x, n), read(y, n))[1],
        formula,
        peers,
    )


def _both(division: _Division, meaning: _Meaning, signed: bool, formula: str, peers: Peers) -> Gadget:
    read = to_signed if signed else lambda value, n: value

    def build(graph: Graph, x: Wires, y: Wires) -> Wires:
        quotient, remainder = division(graph, x, y)
        return quotient + remainder

    def joined(n: int, x: int, y: int) -> int:
        quotient, remainder = meaning(n, read(x, n), read(y, n))
        return quotient % (1 << n) | remainder << n

    return Gadget(2, lambda g, v: build(g, v[0], v[1]), joined, formula, peers)


def _amount(amount: Wires) -> Wires:
    """The bits of n - 1: amounts that may exceed them have a test of their own."""
    return amount[: (len(amount) - 1).bit_length()]


def _low(n: int, amount: int) -> int:
    return amount % (1 << (n - 1).bit_length())


def _rotated(n: int, x: int, amount: int) -> int:
    amount %= n
    return x << amount | x >> n - amount


_UNSIGNED: Final = {8: (85, EMP), 16: (301, EMP), 32: (1117, EMP), 64: (4285, EMP)}
_SIGNED: Final = {8: (106, EMP), 16: (346, EMP), 32: (1210, EMP), 64: (4474, EMP)}
_SHIFT: Final = {32: (160, EMP), 64: (384, EMP)}
_ZEROS: Final = {32: (88, EMP), 64: (183, EMP)}

NUMBERS: Final[dict[str, Gadget]] = {
    "divide": _quotient(divide.divmod_unsigned, floor_divmod, False, "n(n + 1)/2 + 2n - 3", _UNSIGNED),
    "modulo": _remainder(divide.divmod_unsigned, floor_divmod, False, "n(n + 1)/2 + 4n - 4", _UNSIGNED),
    "divmod": _both(divide.divmod_unsigned, floor_divmod, False, "n(n + 1)/2 + 4n - 4", _UNSIGNED),
    "divide_floor": _quotient(divide.divmod_floor, floor_divmod, True, "n(n - 1)/2 + 3n - 1", {}),
    "modulo_floor": _remainder(divide.divmod_floor, floor_divmod, True, "n(n - 1)/2 + 5n - 4", {}),
    "divmod_floor": _both(divide.divmod_floor, floor_divmod, True, "n(n - 1)/2 + 5n - 2", {}),
    "divide_truncated": _quotient(
        divide.divmod_truncated, truncated_divmod, True, "n(n + 1)/2 + 4n - 4", _SIGNED
    ),
    "modulo_truncated": _remainder(
        divide.divmod_truncated, truncated_divmod, True, "n(n + 1)/2 + 6n - 9", _SIGNED
    ),
    "divmod_truncated": _both(divide.divmod_truncated, truncated_divmod, True, "n(n + 1)/2 + 7n - 6", {}),
    "square_root": Gadget(
        1, lambda g, v: sqrt.square_root(g, v[0]), lambda n, x: isqrt(x), "h(h + 1)/2, h = ceil(n/2)"
    ),
    "leading_zeros": Gadget(
        1, lambda g, v: zeros.leading_zeros(g, v[0]), lambda n, x: n - x.bit_length(), "n - 1", _ZEROS
    ),
    "trailing_zeros": Gadget(
        1,
        lambda g, v: zeros.trailing_zeros(g, v[0]),
        lambda n, x: (x & -x).bit_length() - 1 if x else n,
        "n - 1",
    ),
    "bit_length": Gadget(1, lambda g, v: zeros.bit_length(g, v[0]), lambda n, x: x.bit_length(), "n - 1"),
    "shift_left_by": Gadget(
        2,
        lambda g, v: barrel.shift_left_by(g, v[0], _amount(v[1])),
        lambda n, x, k: x << _low(n, k),
        "n ceil(log n)",
        _SHIFT,
    ),
    "shift_right_by": Gadget(
        2,
        lambda g, v: barrel.shift_right_by(g, v[0], _amount(v[1])),
        lambda n, x, k: x >> _low(n, k),
        "n ceil(log n)",
        _SHIFT,
    ),
    "shift_right_by_signed": Gadget(
        2,
        lambda g, v: barrel.shift_right_by(g, v[0], _amount(v[1]), True),
        lambda n, x, k: to_signed(x, n) >> _low(n, k),
        "(n - 1) ceil(log n)",
    ),
    "rotate_left_by": Gadget(
        2,
        lambda g, v: barrel.rotate_left_by(g, v[0], _amount(v[1])),
        lambda n, x, k: _rotated(n, x, _low(n, k)),
        "n log n - n + 1 for n = 2^k",
    ),
    "rotate_right_by": Gadget(
        2,
        lambda g, v: barrel.rotate_right_by(g, v[0], _amount(v[1])),
        lambda n, x, k: _rotated(n, x, -_low(n, k)),
        "n log n - n + 1 for n = 2^k",
    ),
    "sign": Gadget(
        1,
        lambda g, v: sign.sign(g, v[0]),
        lambda n, x: (to_signed(x, n) > 0) - (to_signed(x, n) < 0),
        "n - 1",
    ),
    "clip": Gadget(
        3,
        lambda g, v: sign.clip(g, v[0], v[1], v[2]),
        lambda n, x, low, high: min(max(x, low), high),
        "4n; 3n + 1 for public bounds",
    ),
    "clip_signed": Gadget(
        3,
        lambda g, v: sign.clip(g, v[0], v[1], v[2], True),
        lambda n, x, low, high: min(max(to_signed(x, n), to_signed(low, n)), to_signed(high, n)),
        "4n; 3n + 1 for public bounds",
    ),
    "gcd": Gadget(
        2,
        lambda g, v: binary_gcd.greatest_common_divisor(g, v[0], v[1]),
        lambda n, x, y: gcd(x, y),
        "about 4.5 n^2",
    ),
}
