"""Arithmetic modulo a public or secret number.

Operands that are known to be below the modulus, by their public bounds or by promise, cost less; the results
of these functions are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gc2pc.errors import InputError
from gc2pc.gadgets import modular
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import Graph
from gc2pc.lang.base import broadcast_shape
from gc2pc.lang.integers import power, public_exponent
from gc2pc.lang.operation import Operation
from gc2pc.lang.source import compile_error
from gc2pc.lang.std.operands import uint, unsigned
from gc2pc.lang.types import Scalar
from gc2pc.lang.value import Value

_Exact = Callable[[int, int], int]
_Gadget = Callable[[Graph, Wires, Wires, Wires], Wires]


def mod_add(x: Any, y: Any, modulus: Any, *, reduced: bool = False) -> Value:
    """(x + y) mod m: 3n - 2 ANDs for a public modulus, 3n + 1 for a secret one.

    >>> total = std.mod_add(x, y, 65521, reduced=True)

    Args:
        x: UInt[n].
        y: UInt[n].
        modulus: m >= 1, public or secret, of the type of x and y. Modulo a secret 0 nothing is reduced.
        reduced: A promise that x and y are below m. Otherwise, and if their bounds do not show it, they are
            reduced, at the cost of a division.
    """
    x, y, m = _operands("mod_add", x, y, modulus)
    if not (reduced or _below(m, x, y)):
        wide = uint(x.scalar.width + 1)
        total: Value = (x.to(wide) + y.to(wide)) % m.to(wide)
        return total.to(x.scalar)
    return _apply("mod_add", lambda a, b: a + b, modular.add_modulo, x, y, m)


def mod_sub(x: Any, y: Any, modulus: Any, *, reduced: bool = False) -> Value:
    """(x - y) mod m: 2n - 1 ANDs for a public modulus, 3n - 1 for a secret one; as `mod_add`."""
    x, y, m = _operands("mod_sub", x, y, modulus)
    if not (reduced or _below(m, x, y)):
        x, y = x % m, y % m
    return _apply("mod_sub", lambda a, b: a - b, modular.subtract_modulo, x, y, m)


def mod_mul(x: Any, y: Any, modulus: Any, *, reduced: bool = False) -> Value:
    """(x * y) mod m: a full product and a division of n rows, n^2 + 2n - 1 ANDs; as `mod_add`."""
    x, y, m = _operands("mod_mul", x, y, modulus)
    if not (reduced or _below(m, x, y)):
        wide = uint(2 * x.scalar.width)
        product: Value = (x.to(wide) * y.to(wide)) % m.to(wide)
        return product.to(x.scalar)
    return _apply("mod_mul", lambda a, b: a * b, modular.multiply_modulo, x, y, m)


def mod_pow(x: Any, exponent: Any, modulus: Any, *, reduced: bool = False) -> Value:
    """x^e mod m for a public exponent e >= 0, by few products; as `mod_add`."""
    base, m = _operands("mod_pow", x, modulus)
    steps = public_exponent(exponent)
    if steps == 0:
        one: Value = Value.constant(1, base.scalar) % m
        return one.broadcast(broadcast_shape(base.shape, m.shape))
    if not (reduced or _below(m, base)):
        base = base % m
    return power(base, steps, lambda a, b: mod_mul(a, b, m, reduced=True))


def _operands(name: str, *operands: Any) -> list[Value]:
    values = unsigned(name, *operands)
    if values[-1].high == 0:
        raise compile_error(f"the modulus of {name} is 0")
    return values


def _below(modulus: Value, *values: Value) -> bool:
    return all(value.high < modulus.low for value in values)


def _apply(
    name: str, exact: Callable[[int, int], int], gadget: _Gadget, x: Value, y: Value, m: Value
) -> Value:
    scalar: Scalar = x.scalar

    def meaning(a: int, b: int, modulus: int) -> int:
        if max(a, b) >= modulus > 0:
            raise InputError(f"{name} was promised operands below its modulus")
        return exact(a, b) % (modulus or 1 << scalar.width)

    operation = Operation(name, meaning, gadget, (scalar,))
    return Value.operate(operation, x, y, m, intervals=((0, m.high - 1 if m.low > 0 else scalar.high),))[0]
