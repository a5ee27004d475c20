"""The evaluator: Yao's protocol with half-gates, from its side.

Source, flights, bytes and assumption: see `garbler`, the other party. Threat model: semi-honest parties. A
changed table, label or decoding row gives PeerError where the output depends on it; shared outputs carry
no such check. It does not protect against a garbler that garbles another circuit than the agreed one.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

from gc2pc.crypto.rng import Rng
from gc2pc.effects import Phase, Protocol
from gc2pc.garbling import labels, outputs
from gc2pc.garbling.bits import Bits, Labels, colors
from gc2pc.garbling.context import EvaluationContext
from gc2pc.garbling.plan import TABLES, RunPlan, Source
from gc2pc.ir.circuit import Circuit
from gc2pc.ir.crew import Crew
from gc2pc.ir.machine import Machine
from gc2pc.protocol.header import Admit, RunHeader, with_header


def evaluator(
    context: EvaluationContext,
    circuit: Circuit,
    header: RunHeader,
    inputs: Mapping[str, Bits],
    rng: Rng,
    admit: Admit | None = None,
    crew: Crew | None = None,
) -> Protocol[tuple[RunPlan, outputs.Outputs]]:
    """Run `circuit` as the evaluator.

    Args:
        context: This connection's evaluation context; its counter and OT state move on.
        circuit: What to run.
        header: This side's header.
        inputs: The evaluator's ports and its shares of shared ports: uint8 (wires, lanes, m), or
            (wires, lanes, 1) for an input that is given once.
        rng: Source of what the evaluator draws itself.
        admit: See `header.with_header`.
        crew: Threads that may help with the tables.

    Returns:
        The plan that both sides agreed on, and every output port by name: uint8 (wires, lanes, m), this
        side's XOR share of a shared port, None for a port that only the garbler receives.

    Raises:
        PeerError: The garbler broke the protocol. The context must be destroyed.
    """
    context.require_alive()
    drawn = labels.draw_own(circuit, header.batch, rng, Source.EVALUATOR)

    with ExitStack() as stack:

        def machine_of(batch: int) -> Machine:
            return stack.enter_context(Machine(circuit, batch, context.arena, crew))

        def transfer(plan: RunPlan) -> Protocol[tuple[Machine | None, Labels]]:
            if not drawn:
                drawn.update(labels.draw_own(circuit, plan.batch, rng, Source.EVALUATOR))
            machine = machine_of(header.batch) if header.batch else None
            return machine, (
                yield from labels.evaluator_transfer(context, machine, plan, {**inputs, **drawn})
            )

        yield Phase("transfer")
        plan, (machine, active) = yield from with_header(
            header,
            circuit,
            transfer,
            context.ot.path,
            garbler=False,
            admit=admit,
        )
        labels.forget(drawn)
        machine = machine or machine_of(plan.batch)

        yield Phase("labels")
        labels.place_active(machine, plan, active)
        yield from labels.receive_labels(context, machine, plan)

        yield Phase(TABLES)
        gates = context.take_tweaks(plan.scheme.tweaks_per_and * plan.ands)
        yield from plan.scheme.evaluate(context, machine, gates)

        yield Phase("outputs")
        own = outputs.gather(machine, plan.evaluator_outputs)
        same = plan.garbler_outputs == plan.evaluator_outputs
        returned = own if same else outputs.gather(machine, plan.garbler_outputs)
        tweaks = context.take_tweaks(2 * plan.decoded)
        bits = yield from outputs.decode_and_return(context, own, returned, tweaks, header.run)
        share = colors(outputs.gather(machine, plan.shared_outputs))
    return plan, (
        dict.fromkeys((port.name for port in circuit.outputs), None)
        | outputs.split(bits, plan.evaluator_outputs, plan.batch)
        | outputs.split(share, plan.shared_outputs, plan.batch)
    )
