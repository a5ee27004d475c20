"""The garbler: Yao's protocol with half-gates, from its side.

Source: Yao 86 as in Lindell, Pinkas 09; docs/protocol.md. Garbling: ePrint 2014/756; hash: 2019/1168; OT:
2020/110 and 2022/192.
Parties: this one garbles and sends OTs; `evaluator` is the other. Flights of a run, once OT is set up:

    evaluator -> garbler    header, OT columns, masked choice bits      (the garbler's header crosses)
    garbler -> evaluator    S and seed, tables, decoding rows
    evaluator -> garbler    output colors and hash, if the garbler receives any output

Bytes: `RunPlan.expected_bytes`; 32.00 per AND and nothing else per gate. The first run adds the OT's set-up.
Assumption: miTCCR in the ideal-cipher model; the OT's. Threat model: semi-honest parties; OT secure against
malicious ones; a malicious evaluator cannot make the garbler accept a wrong output. It does not protect
against a malicious garbler (who may garble another circuit), nor give fairness, nor hide the circuit.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gc2pc.crypto.rng import Rng
from gc2pc.effects import Phase, Protocol
from gc2pc.garbling import labels, outputs
from gc2pc.garbling.bits import Bits, colors
from gc2pc.garbling.context import GarblingContext
from gc2pc.garbling.plan import TABLES, RunPlan, Source
from gc2pc.ir.circuit import Circuit
from gc2pc.ir.crew import Crew
from gc2pc.ir.machine import Machine
from gc2pc.protocol.header import Admit, RunHeader, with_header


def garbler(
    context: GarblingContext,
    circuit: Circuit,
    header: RunHeader,
    inputs: Mapping[str, Bits],
    rng: Rng,
    admit: Admit | None = None,
    crew: Crew | None = None,
) -> Protocol[tuple[RunPlan, outputs.Outputs]]:
    """Run `circuit` as the garbler.

    Args:
        context: This connection's garbling context; its counter and OT state move on.
        circuit: What to run.
        header: This side's header.
        inputs: The garbler's ports and its shares of shared ports: uint8 (wires, lanes, m), or
            (wires, lanes, 1) for an input that is given once.
        rng: Source of the seed, of the garbler's halves of joint random bits, and of what it draws itself.
        admit: See `header.with_header`.
        crew: Threads that may help with the tables.

    Returns:
        The plan that both sides agreed on, and every output port by name: uint8 (wires, lanes, m), this
        side's XOR share of a shared port, None for a port that only the evaluator receives.

    Raises:
        PeerError: The evaluator broke the protocol. The context must be destroyed.
    """
    context.require_alive()
    drawn = labels.draw_own(circuit, header.batch, rng, Source.GARBLER)
    with ExitStack() as stack:

        def machine_of(batch: int) -> Machine:
            return stack.enter_context(Machine(circuit, batch, context.arena, crew))

        def draw(plan: RunPlan) -> tuple[dict[str, Bits], NDArray[np.uint64]]:
            own = drawn or labels.draw_own(circuit, plan.batch, rng, Source.GARBLER)
            return {**own, **labels.draw_coins(plan, rng)}, labels.draw_seed(plan, rng)

        def transfer(plan: RunPlan) -> Protocol[Any]:
            machine = machine_of(header.batch) if header.batch else None

            def begin() -> tuple[Machine, dict[str, Bits], NDArray[np.uint64]] | None:
                if machine is None:
                    return None  # the batch size comes with the peer's header
                own, seed = draw(plan)
                if not labels.many(plan):
                    labels.place_own(context, machine, plan, seed, {**inputs, **own})
                return machine, own, seed

            return labels.garbler_transfer(context, machine, plan, begin)

        yield Phase("transfer")
        plan, (q, d, begun) = yield from with_header(
            header,
            circuit,
            transfer,
            context.ot.path,
            garbler=True,
            admit=admit,
        )
        machine, own, seed = begun or (machine_of(plan.batch), *draw(plan))

        yield Phase("labels")
        yield from labels.send_labels(context, plan, seed)
        labels.place_transfer(context, machine, plan, q, d, {**inputs, **own})
        if begun is None or labels.many(plan):
            labels.place_own(context, machine, plan, seed, {**inputs, **own})
        labels.forget(own)

        yield Phase(TABLES)
        gates = context.take_tweaks(plan.scheme.tweaks_per_and * plan.ands)
        yield from plan.scheme.garble(context, machine, gates)

        yield Phase("outputs")
        zero = outputs.zero_labels(machine, plan.evaluator_outputs, plan.batch, context.delta)
        yield from outputs.send_decode_info(context, zero, context.take_tweaks(2 * plan.decoded))

        if plan.garbler_outputs != plan.evaluator_outputs:
            zero = outputs.zero_labels(machine, plan.garbler_outputs, plan.batch, context.delta)
        share = colors(outputs.zero_labels(machine, plan.shared_outputs, plan.batch, context.delta))
        bits = yield from outputs.receive_outputs(context, zero, header.run)
    return plan, (
        dict.fromkeys((port.name for port in circuit.outputs), None)
        | outputs.split(bits, plan.garbler_outputs, plan.batch)
        | outputs.split(share, plan.shared_outputs, plan.batch)
    )
