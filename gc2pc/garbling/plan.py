"""What a run moves, from public facts only: circuit, batch size, batched inputs.

Both sides compute the same plan, so nothing received ever chooses a length. A port that is given once in a
batch of m has one label per bit, repeated over the instances: one OT per bit, not one per element.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache
from typing import Final

from gc2pc.garbling.schemes import DEFAULT, SCHEMES, Scheme
from gc2pc.ir.circuit import Circuit, InputPort, OutputPort
from gc2pc.ir.graph import Group
from gc2pc.params import LABEL_BYTES

TABLES: Final = "tables"
"""The phase of a run in which garbled tables move and nothing else."""

OUTPUT_HASH_BYTES: Final = 32
"""Hash over the active labels of the garbler's outputs."""


class Source(Enum):
    """Who provides the value of an input port."""

    GARBLER = "garbler"
    EVALUATOR = "evaluator"
    SHARED = "shared"
    RANDOM = "random"


def source_of(circuit: Circuit, port: InputPort) -> Source:
    """Who provides the value of `port`, given who garbles `circuit`."""
    if port.joint:
        return Source.RANDOM
    if port.group == Group.SHARED:
        return Source.SHARED
    return Source.GARBLER if port.group == circuit.garbler else Source.EVALUATOR


@dataclass(frozen=True, slots=True)
class InputPlan:
    """One input port in a run: `columns` instances per lane have labels of their own (1 or the batch)."""

    port: InputPort
    source: Source
    columns: int

    @property
    def count(self) -> int:
        """Labels that the port needs."""
        return self.port.bits * self.columns


@dataclass(frozen=True, eq=False)
class RunPlan:
    """The public counts of one run.

    Args:
        circuit: What runs.
        batch: Instances, m >= 1.
        batched: Names of the input ports with one value per instance.
        scheme_name: The garbling scheme's name.
        ot_path: How the OTs are made: "none", "direct" or "extension"; "undecided" before the headers met.
    """

    circuit: Circuit
    batch: int
    batched: frozenset[str]
    scheme_name: str = DEFAULT
    ot_path: str = "undecided"

    @property
    def scheme(self) -> Scheme:
        """The garbling scheme."""
        return SCHEMES[self.scheme_name]

    @cached_property
    def inputs(self) -> tuple[InputPlan, ...]:
        """All input ports, in the circuit's order. What nobody passes is fresh for every instance."""
        return tuple(
            InputPlan(
                port,
                source_of(self.circuit, port),
                self.batch if port.random or port.name in self.batched else 1,
            )
            for port in self.circuit.inputs
        )

    def of(self, *sources: Source) -> Iterator[InputPlan]:
        """The input ports that come from one of `sources`, in the circuit's order."""
        return (item for item in self.inputs if item.source in sources)

    @cached_property
    def ot_ports(self) -> tuple[InputPlan, ...]:
        """The ports whose labels come by OT, in the order in which they use the OTs."""
        return tuple(self.of(Source.EVALUATOR, Source.SHARED, Source.RANDOM))

    @cached_property
    def ots(self) -> int:
        """OTs of the run."""
        return sum(item.count for item in self.ot_ports)

    @cached_property
    def choices(self) -> int:
        """Masked choice bits that the evaluator sends: one per OT, but none for joint random bits."""
        return sum(item.count for item in self.of(Source.EVALUATOR, Source.SHARED))

    @cached_property
    def drawn(self) -> int:
        """Labels of the garbler's own inputs, drawn from its seed."""
        return sum(item.count for item in self.of(Source.GARBLER))

    @property
    def ands(self) -> int:
        """ANDs of the run."""
        return self.circuit.and_count * self.batch

    @cached_property
    def evaluator_outputs(self) -> tuple[OutputPort, ...]:
        """The output ports whose clear value the evaluator learns."""
        return self._outputs(Group.BOTH, 1 - self.circuit.garbler)

    @cached_property
    def garbler_outputs(self) -> tuple[OutputPort, ...]:
        """The output ports whose clear value the garbler learns."""
        return self._outputs(Group.BOTH, self.circuit.garbler)

    @cached_property
    def shared_outputs(self) -> tuple[OutputPort, ...]:
        """The output ports that leave as XOR shares."""
        return self._outputs(Group.SHARED)

    def _outputs(self, *groups: int) -> tuple[OutputPort, ...]:
        return tuple(port for port in self.circuit.outputs if port.group in groups)

    @cached_property
    def decoded(self) -> int:
        """Output bits that the evaluator decodes."""
        return self.batch * sum(port.bits for port in self.evaluator_outputs)

    @cached_property
    def returned(self) -> int:
        """Output bits that the evaluator returns to the garbler."""
        return self.batch * sum(port.bits for port in self.garbler_outputs)

    @property
    def tweaks(self) -> int:
        """Tweaks of the run: gates, then two per decoded output bit."""
        return self.scheme.tweaks_per_and * self.ands + 2 * self.decoded

    def expected_bytes(self, *, first_run: bool) -> dict[str, tuple[int, int]]:
        """Bytes (garbler's, evaluator's) per phase; `ot` and `header` have lengths of their own modules.

        Args:
            first_run: The context's first run, in which S travels.
        """
        seed = LABEL_BYTES * bool(self.drawn)
        return {
            "choices": (0, -(-self.choices // 8)),
            "labels": (seed + LABEL_BYTES * first_run, 0),
            "tables": (self.scheme.table_bytes * self.ands, 0),
            "outputs": (
                2 * LABEL_BYTES * self.decoded,
                -(-self.returned // 8) + OUTPUT_HASH_BYTES * bool(self.returned),
            ),
        }


@lru_cache(64)
def plan_run(
    circuit: Circuit, batch: int, batched: frozenset[str], scheme_name: str, ot_path: str
) -> RunPlan:
    """The same plan, made once: small runs in a row spend their time on little else."""
    return RunPlan(circuit, batch, batched, scheme_name, ot_path)
