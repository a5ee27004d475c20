"""The table of garbling schemes. A new scheme is one new file and one line here.

A scheme turns a machine (a circuit on its way through a run) and a context into a stream of tables. The
contract tests run over the table. Security: see the scheme's own module.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gc2pc.effects import Protocol
from gc2pc.garbling import half_gates
from gc2pc.garbling.context import EvaluationContext, GarblingContext
from gc2pc.params import TABLE_BYTES

if TYPE_CHECKING:
    from gc2pc.ir.machine import Machine


@dataclass(frozen=True, slots=True)
class Scheme:
    """A garbling scheme: `garble` sends exactly `table_bytes` per AND, `evaluate` receives them.

    Both hash under the tweaks [first_tweak, first_tweak + tweaks_per_and * ANDs) and no other.
    """

    name: str
    table_bytes: int
    tweaks_per_and: int
    garble: Callable[[GarblingContext, Machine, int], Protocol[None]]
    evaluate: Callable[[EvaluationContext, Machine, int], Protocol[None]]


SCHEMES: Final[dict[str, Scheme]] = {
    scheme.name: scheme
    for scheme in (
        Scheme(
            half_gates.NAME, TABLE_BYTES, half_gates.TWEAKS_PER_AND, half_gates.garble, half_gates.evaluate
        ),
    )
}

DEFAULT: Final = half_gates.NAME
"""The scheme of a run that names none."""
