"""From a program and one party's values to what a connection runs, and back to a value.

Everything that can be wrong with the values is found here, before a byte is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gc2pc.errors import CompileError, InputError
from gc2pc.ir.circuit import Circuit, InputPort
from gc2pc.ir.graph import Group
from gc2pc.lang import Program

if TYPE_CHECKING:
    from gc2pc.dp.certificate import Certificate

Bits = NDArray[np.uint8]
Outputs = Mapping[str, Bits | None]

Runnable: TypeAlias = Program | Circuit
"""What a session runs. A bare circuit takes and gives bits: uint8 (wires, lanes), with a third axis for the
instances of a batch."""


@dataclass(frozen=True)
class Job:
    """One party's part of one run.

    Attributes:
        circuit: What runs.
        inputs: This party's ports, and its shares of shared ports, as bits (wires, lanes, m or 1).
        batch: Instances; None leaves the number to the peer.
        batched: Names of the inputs with one value per instance.
        decode: From the run's outputs to what the caller gets.
        certificate: What the run lets out about one record, if there is a guarantee.
    """

    circuit: Circuit
    inputs: dict[str, Bits] = field(repr=False)
    batch: int | None
    batched: frozenset[str]
    decode: Callable[[Outputs], Any]
    certificate: Certificate | None = None

    @property
    def certificate_hash(self) -> bytes | None:
        """What both sides compare."""
        return None if self.certificate is None else self.certificate.hash


def prepare(
    program: Runnable, party: str, values: Mapping[str, Any], *, batch: bool, certified: bool = False
) -> Job:
    """Compile `program` and encode `party`'s values.

    Args:
        program: A program or a circuit.
        party: Name of one of its two parties.
        values: This party's inputs, its shares of externals' inputs, and static parameters, by name.
        batch: Inputs may have one value per instance, on axis 0.
        certified: Refuse what has no privacy certificate.

    Raises:
        CompileError: The program cannot become a circuit, or has no certificate.
        InputError: A value is missing, unknown, the peer's, or does not fit.
    """
    if isinstance(program, Circuit):
        _check_party(program.name, program.parties, party)
        if certified:
            raise InputError(
                f"{program.name} is a bare circuit, without a certificate to charge: run its program"
            )
        return _prepare_circuit(program, party, values, batch=batch)
    _check_party(program.name, (program.parties[0].name, program.parties[1].name), party)
    return _prepare_program(program, party, values, batch=batch, certified=certified)


def _check_party(name: str, parties: tuple[str, str], party: str) -> None:
    if party not in parties:
        raise InputError(f"{name} runs between {parties[0]!r} and {parties[1]!r}; this side is {party!r}")


def _prepare_program(
    program: Program, party: str, values: Mapping[str, Any], *, batch: bool, certified: bool
) -> Job:
    binding = program.bind(**values)
    own = {parameter.name for parameter in program.inputs_of(party)}
    if own != binding.inputs.keys():
        raise _wrong_inputs(program, party, own, binding.inputs)
    instances, batched = program.batch_size(binding.inputs)
    if batched and not batch:
        name = min(batched)
        raise InputError(
            f"{program.name}: input {name!r} has one axis more than its type; a batch goes to run_batch"
        )
    circuit = program.circuit_of(binding)
    inputs = {
        name: program.encode_bound(binding, name, value, instances if name in batched else None)
        for name, value in binding.inputs.items()
    }

    def decode(outputs: Outputs) -> Any:
        return program.decode_bound(binding, outputs, _instances(outputs) if batch else None)

    certificate = _certificate(program, binding.statics, circuit, needed=certified)
    if certified and certificate is not None:
        for name in sorted(own - set(certificate.protects)):
            raise InputError(
                f"{program.name} does not protect the input {name!r}, whose records the ledger is for: "
                f"name it in private(of=...), or run without the ledger"
            )
    return Job(circuit, inputs, _batch(batch, instances, batched), batched, decode, certificate)


def _wrong_inputs(program: Program, party: str, own: set[str], given: Mapping[str, Any]) -> InputError:
    for name in given:
        if name not in own:
            owner = program.parameter(name).owner
            return InputError(f"{program.name}: input {name!r} belongs to {owner}; this side is {party!r}")
    return InputError(f"{program.name}: input {min(own - given.keys())!r} of {party!r} is missing")


def _certificate(
    program: Program, statics: Mapping[str, Any], circuit: Circuit, *, needed: bool
) -> Certificate | None:
    """The program's certificate; None if it has none and nobody asked for a guarantee.

    Both sides compare certificates wherever a circuit has releases: they come to the same one, or to none.
    """
    if not (needed or circuit.releases):
        return None
    from gc2pc.dp.certificate import certify

    try:
        return certify(program, **statics)
    except CompileError:
        if needed or program.private is not None:
            raise
        return None


def _prepare_circuit(circuit: Circuit, party: str, values: Mapping[str, Any], *, batch: bool) -> Job:
    ports = {port.name: port for port in circuit.inputs if _passes(circuit, port, party)}
    for name in sorted(values.keys() ^ ports.keys()):
        problem = "is missing" if name in ports else f"is no input of {party!r}"
        raise InputError(f"{circuit.name}: input {name!r} {problem}")
    inputs = {name: _bits(port, values[name]) for name, port in ports.items()}
    batched = frozenset(name for name in ports if np.ndim(values[name]) == 3)
    sizes = {inputs[name].shape[2] for name in batched}
    if len(sizes) > 1:
        raise InputError(f"{circuit.name}: batched inputs differ in length {sorted(sizes)}")
    if batched and not batch:
        raise InputError(f"{circuit.name}: input {min(batched)!r} has three axes; a batch goes to run_batch")

    def decode(outputs: Outputs) -> Any:
        return {
            name: None if bits is None else bits if batch else bits[:, :, 0] for name, bits in outputs.items()
        }

    return Job(circuit, inputs, _batch(batch, next(iter(sizes), 1), batched), batched, decode)


def _passes(circuit: Circuit, port: InputPort, party: str) -> bool:
    """Whether `party` passes `port` or a share of it."""
    return not port.random and port.group in (Group.SHARED, circuit.parties.index(party))


def _bits(port: InputPort, value: Any) -> Bits:
    """Checked bits (wires, lanes, m) of a bare circuit's input; an array with two axes gets m = 1."""
    array = np.asarray(value)
    if array.shape[:2] != (port.wires, port.lanes) or array.ndim > 3 or array.size == 0:
        raise InputError(
            f"input {port.name!r}: expected bits ({port.wires}, {port.lanes}); got {array.shape}"
        )
    if array.dtype.kind not in "bui" or bool(((array != 0) & (array != 1)).any()):
        raise InputError(f"input {port.name!r}: expected bits, which are 0 or 1")
    return array.astype(np.uint8).reshape(port.wires, port.lanes, -1)


def _batch(batch: bool, instances: int, batched: frozenset[str]) -> int | None:
    if not batch:
        return 1
    return instances if batched else None


def _instances(outputs: Outputs) -> int:
    """How many instances ran, from what came out; 1 if nothing did."""
    return next((bits.shape[2] for bits in outputs.values() if bits is not None), 1)
