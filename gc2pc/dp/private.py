"""What a circuit promises: which inputs it protects, under which relation, within which budget.

Two datasets are neighbours if one record differs. *replace one record*: the number of records is public.
*add or remove one record*: the capacity is public, and a Bool input says which places are taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from gc2pc.dp.amounts import Epsilon, delta_of, epsilon_of
from gc2pc.dp.influence import rows_of
from gc2pc.lang.backend import PRIVATE
from gc2pc.lang.source import compile_error

if TYPE_CHECKING:
    from gc2pc.ir.graph import Graph
    from gc2pc.lang.program import Program

REPLACE: Final = "replace"
ADD_REMOVE: Final = "add/remove"

RELATIONS: Final = {REPLACE: "replace one record", ADD_REMOVE: "add or remove one record"}
"""Neighbouring relations, and how the certificate puts them."""


@dataclass(frozen=True)
class Private:
    """The promise of one program. Make it with `private`.

    Attributes:
        of: Names of the inputs whose records are protected; None for all.
        epsilon: What one run may spend at most; None if nothing limits it.
        delta: The same for delta.
        relation: A key of `RELATIONS`.
        present: Name of the Bool input that says which records are there; add/remove only.
    """

    of: tuple[str, ...] | None = None
    epsilon: Epsilon | None = None
    delta: Fraction | None = None
    relation: str = REPLACE
    present: str | None = None

    def certify(self, program: Program, graph: Graph) -> None:
        """Refuse a program that lets something out past its mechanisms, or spends too much."""
        from gc2pc.dp.certificate import examine

        examine(program, graph, self)


DEFAULT: Final = Private()


def private(
    of: str | tuple[str, ...] | list[str] | None = None,
    *,
    epsilon: Any = None,
    delta_dp: Any = None,
    relation: str = REPLACE,
    present: str | None = None,
) -> Private:
    """Demand a guarantee of a circuit: compiling fails if an output bypasses the mechanisms.

    >>> @circuit(private=dp.private(epsilon=1))
    ... def turnout(votes: Array[Bool, 1000] @ town) -> Int[16] @ Both: ...

    Args:
        of: The inputs whose records are protected, by name; all by default. What is left out, such as the
            weights of a model, gets no guarantee. Under add/remove all arrays as long as `present` are
            protected in any case.
        epsilon: What one run may spend at most, all mechanisms together.
        delta_dp: The same for delta.
        relation: "replace" (one record has another value) or "add/remove" (one record more or less).
        present: Under add/remove the Bool array input that says which places are taken.

    Raises:
        CompileError: An argument is not understood.
    """
    if relation not in RELATIONS:
        raise compile_error(f"no relation {relation!r}", " or ".join(map(repr, RELATIONS)))
    if (relation == ADD_REMOVE) != (present is not None):
        raise compile_error(
            "add/remove needs present=, and only add/remove has it",
            'dp.private(relation="add/remove", present="here")',
        )
    names = (of,) if isinstance(of, str) else None if of is None else tuple(of)
    if names == () or (names and not all(isinstance(name, str) for name in names)):
        raise compile_error(f"of={of!r} names no inputs", 'dp.private(of="visits")')
    limit = None if epsilon is None else epsilon_of(epsilon)
    return Private(names, limit, None if delta_dp is None else delta_of(delta_dp), relation, present)


def current() -> Private:
    """The promise of the program at work; the default one outside of any."""
    asked = PRIVATE.get()
    return asked if isinstance(asked, Private) else DEFAULT


def protected_ports(asked: Private, graph: Graph) -> tuple[str, ...]:
    """Names of the protected ports of a whole circuit: those asked for, with all fields of a structure.

    Under add/remove all that has a row for each place is protected too: the rest of a row would tell whether
    somebody is there.
    """
    ports = [port.name for port in graph.inputs if not port.random]
    if asked.of is None:
        return tuple(ports)
    lengths = {port.name: rows_of(port) for port in graph.inputs}
    places = lengths.get(asked.present) if asked.present is not None else None
    wanted = asked.of if asked.present is None else (*asked.of, asked.present)
    return tuple(
        port
        for port in ports
        if any(port == name or port.startswith(f"{name}.") for name in wanted)
        or (places is not None and lengths[port] == places)
    )
