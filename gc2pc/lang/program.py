"""`@circuit` makes a `Program`: a Python function that also compiles to a circuit."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from gc2pc.errors import InputError
from gc2pc.lang import tree
from gc2pc.lang.backend import Certifier
from gc2pc.lang.base import Base
from gc2pc.lang.binding import Binding, bind
from gc2pc.lang.clear import CLEAR
from gc2pc.lang.codec import from_bits
from gc2pc.lang.control.rewriting import rewritten
from gc2pc.lang.definition import definition_error
from gc2pc.lang.party import External, Party
from gc2pc.lang.shares import Share
from gc2pc.lang.signature import Output, Parameter, Signature, read_signature
from gc2pc.lang.source import compile_error
from gc2pc.lang.trace import choose_garbler, inline, run_clear, trace
from gc2pc.lang.types import Type

if TYPE_CHECKING:
    from gc2pc.ir.circuit import Circuit
    from gc2pc.ir.graph import Graph
    from gc2pc.lang.profile import LineCost

Bits = NDArray[np.uint8]


class Program:
    """A function of secret inputs. Make one with `@circuit`.

    >>> richer(5, 3)                      # plain Python on plain values
    >>> richer.simulate(a=5, b=3)         # the compiled circuit on plain values
    >>> richer.stats()["and_gates"]

    Attributes:
        name: The function's name.
        parties: The two computing parties, in the order of their declaration.
        parameters: All parameters, in order.
        outputs: All outputs; ports of the circuit have their names.
    """

    def __init__(
        self,
        function: FunctionType,
        signature: Signature,
        garbler: Party | None = None,
        private: Certifier | None = None,
    ) -> None:
        self.function = function
        self.name = function.__name__
        self.signature = signature
        self.parties = signature.pair
        self.parameters: tuple[Parameter, ...] = signature.parameters
        self.outputs: tuple[Output, ...] = signature.outputs
        self.garbler = garbler
        self.private = private
        self._circuits: dict[tuple[Any, ...], Circuit] = {}
        self._fingerprints: dict[tuple[Any, ...], bytes] = {}
        self.__name__, self.__doc__ = function.__name__, function.__doc__
        self.__wrapped__ = function

    @property
    def body(self) -> Callable[..., Any]:
        """The function with control flow that works on secrets."""
        return rewritten(self.function)

    def __repr__(self) -> str:
        return f"<circuit {self.name} of {self.parties[0]} and {self.parties[1]}>"

    # -- compiling ---------------------------------------------------------------------------------

    def compile(self, **statics: Any) -> Circuit:
        """The circuit for these static parameters and sizes; compiled once.

        Raises:
            CompileError: The function cannot become a circuit.
            InputError: A static parameter or a size is missing or unknown.
        """
        return self.circuit_of(bind(self, statics))

    def circuit_of(self, binding: Binding) -> Circuit:
        """As `compile`, for values that are bound already."""
        circuit = self._circuits.get(binding.key)
        if circuit is None:
            from gc2pc.ir.compile import compile_graph
            from gc2pc.ir.fingerprint import fingerprint

            graph = trace(self, binding)
            if self.private is not None:
                self.private.certify(self, graph)
            self._fingerprints[binding.key] = fingerprint(graph)
            circuit = self._circuits[binding.key] = compile_graph(
                graph,
                name=binding.circuit_name,
                parties=(self.parties[0].name, self.parties[1].name),
                garbler=choose_garbler(graph) if self.garbler is None else self.garbler.index,
            )
        return circuit

    def is_traced_as(self, graph: Graph, binding: Binding) -> bool:
        """Whether the circuit that `compile` made for this binding was made of just this graph."""
        from gc2pc.ir.fingerprint import fingerprint

        return self._fingerprints.get(binding.key) == fingerprint(graph)

    def stats(self, **statics: Any) -> dict[str, Any]:
        """Counts of the circuit: AND, XOR, depth, table bytes, OTs. What `gc2pc stats --json` prints."""
        return self.compile(**statics).stats()

    def line_costs(self, **statics: Any) -> list[LineCost]:
        """What each line of the source costs in ANDs. What `gc2pc stats --lines` prints."""
        from gc2pc.lang.profile import Marks, line_costs

        marks: Marks = {}
        return line_costs(trace(self, bind(self, statics), marks), marks)

    # -- running without a peer --------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Plain Python on plain values, with the types' wrapping and rounding: the oracle.

        Inside another circuit, on that circuit's values, the function becomes part of it.
        """
        try:
            values = inspect.signature(self.function).bind(*args, **kwargs).arguments
        except TypeError as error:
            raise InputError(f"{self.name}: {error}") from None
        if any(isinstance(leaf, Base) for leaf in tree.leaves(values)):
            return inline(self, values)
        binding = bind(self, values)
        inputs = {}
        for parameter in self.inputs_of():
            kind = binding.types[parameter.name]
            bits = kind.encode(self._input(binding, parameter.name), parameter.name)
            raw = from_bits(kind.element, bits[:, :, 0]).reshape(kind.shape)
            inputs[parameter.name] = CLEAR.constant(raw, kind.element)
        results = run_clear(self, binding, inputs)
        shown = [output.type.plain(v.data) for output, v in zip(self.outputs, results, strict=True)]
        return tree.rebuild(self.signature.structure, iter(shown))

    def simulate(self, *args: Any, randomness: Mapping[str, Bits] | None = None, **inputs: Any) -> Any:
        """The compiled circuit on clear values, without any cryptography.

        Args:
            args: Inputs by position.
            randomness: Bits (wires, lanes, m) of every random port by its name (``#random.0``, ``#drawn.1``,
                numbered together), so that tests fix the coins; drawn freshly if None.
            inputs: Inputs and static parameters by name.

        Returns:
            The value in the annotation's structure, outputs of all recipients filled in.
        """
        try:
            values = inspect.signature(self.function).bind_partial(*args).arguments | inputs
        except TypeError as error:
            raise InputError(f"{self.name}: {error}") from None
        from gc2pc.ir.evaluate import evaluate

        binding = bind(self, values)
        circuit = self.circuit_of(binding)
        m, batched = self.batch_size(binding.inputs)
        bits = {
            p.name: binding.types[p.name].encode(
                self._input(binding, p.name), p.name, batched=p.name in batched
            )
            for p in self.inputs_of()
        }
        shown = evaluate(circuit, bits, batch=m, randomness=randomness)
        return self.decode_bound(binding, shown, m if batched else None, shares_are_values=True)

    def _input(self, binding: Binding, name: str) -> Any:
        if name not in binding.inputs:
            raise InputError(f"{self.name}: input {name!r} is missing")
        return binding.inputs[name]

    # -- what a session needs ----------------------------------------------------------------------

    def inputs_of(self, party: Party | str | None = None) -> list[Parameter]:
        """Secret parameters that `party` passes: its own, and its share of every external's. All if None."""
        name = party.name if isinstance(party, Party) else party
        return [
            p
            for p in self.parameters
            if p.owner is not None and (name is None or p.owner.name == name or isinstance(p.owner, External))
        ]

    def bind(self, **values: Any) -> Binding:
        """Statics and sizes taken from `values`: given statics, and the shapes of given inputs."""
        return bind(self, values)

    def parameter(self, name: str) -> Parameter:
        """The parameter called `name`.

        Raises:
            InputError: There is none.
        """
        parameter = self.signature.by_name.get(name)
        if parameter is not None:
            return parameter
        known = ", ".join(p.name for p in self.parameters)
        raise InputError(f"{self.name} has no input {name!r}; it has {known}")

    def batch_size(self, inputs: Mapping[str, Any]) -> tuple[int, frozenset[str]]:
        """(m, names of batched inputs): a batched input has one axis more than its type, in front.

        Raises:
            InputError: Batched inputs differ in length.
        """
        sizes: dict[str, int] = {}
        for name, value in inputs.items():
            if isinstance(value, int | float):
                continue  # most small runs: NumPy need not look at it
            if isinstance(value, Share):
                shape: tuple[int, ...] = value.batch
                if shape:
                    sizes[name] = shape[0]
                continue
            try:
                kind = self.parameter(name).type
                shape = kind.shape_of(value)
            except ValueError:  # ragged: encoding says what is wrong
                continue
            dims = len(kind.dims) if hasattr(kind, "dims") else 0
            if len(shape) == dims + 1:
                sizes[name] = shape[0]
        if len(set(sizes.values())) > 1:
            text = ", ".join(f"{name}: {size}" for name, size in sorted(sizes.items()))
            raise InputError(f"{self.name}: batched inputs differ in length ({text})")
        return next(iter(sizes.values()), 1), frozenset(sizes)

    def encode(
        self, name: str, value: Any, *, batch: int | None = None, statics: Mapping[str, Any] | None = None
    ) -> Bits:
        """Bits (wires, lanes, m) of one input, m = 1 unless `batch`.

        Args:
            name: The input.
            value: A plain value, or this party's `Share` of an external's.
            batch: Length of the value's extra axis 0; None if it has none.
            statics: Static parameters and sizes, where the type needs them.

        Raises:
            InputError: The value does not fit.
        """
        if self.parameter(name).static:
            raise InputError(f"{self.name}: {name!r} is a static parameter, not an input")
        binding = bind(self, dict(statics or {}) | ({} if batch is not None else {name: value}))
        return self.encode_bound(binding, name, value, batch)

    def encode_bound(self, binding: Binding, name: str, value: Any, batch: int | None) -> Bits:
        """As `encode`, where the sizes are bound already."""
        parameter = self.signature.by_name[name]
        kind: Type = binding.resolve(parameter.type)
        if isinstance(value, Share):
            return value.bits_for(kind, name)
        if isinstance(parameter.owner, External):
            raise InputError(
                f"input {name!r} belongs to {parameter.owner}, who is no party: pass this side's share of it "
                f"(program.share)"
            )
        bits = kind.encode(value, name, batched=batch is not None)
        if batch is not None and bits.shape[2] != batch:
            raise InputError(f"input {name!r}: expected a batch of {batch}; got {bits.shape[2]}")
        return bits

    def share(
        self, name: str, value: Any, rng: Any, *, statics: Mapping[str, Any] | None = None
    ) -> tuple[Share, Share]:
        """An external's input as two shares, one for each party: each alone is random bits.

        Args:
            name: An input that belongs to an external.
            value: Its plain value; with one axis more in front for a batch.
            rng: Has ``bytes(n)``: the operating system's randomness outside of tests.
            statics: Static parameters and sizes, where the type needs them.
        """
        self.parameter(name)
        kind = bind(self, dict(statics or {}) | {name: value}).types[name]
        batched = name in self.batch_size({name: value})[1]
        return Share.split(kind, kind.encode(value, name, batched=batched), rng, batched=batched)

    def decode(
        self,
        outputs: Mapping[str, Bits | None],
        *,
        batch: int | None = None,
        statics: Mapping[str, Any] | None = None,
    ) -> Any:
        """The value in the annotation's structure.

        None stands for what this party does not receive, a `Share` for what an external receives.

        Args:
            outputs: Bits (wires, lanes, m) by output name.
            batch: m if anything was batched: values get an extra axis 0. None for a single run.
            statics: Static parameters and sizes, where a type needs them.
        """
        return self.decode_bound(bind(self, dict(statics or {})), outputs, batch)

    def decode_bound(
        self,
        binding: Binding,
        outputs: Mapping[str, Bits | None],
        batch: int | None,
        *,
        shares_are_values: bool = False,
    ) -> Any:
        """As `decode`, where the sizes are bound already."""
        values: list[Any] = []
        for output in self.outputs:
            bits = outputs.get(output.name)
            kind: Type = binding.resolve(output.type)
            if bits is None:
                values.append(None)
            elif isinstance(output.recipient, External) and not shares_are_values:
                values.append(Share(kind, bits, () if batch is None else (batch,)))
            else:
                values.append(kind.decode(bits, batched=batch is not None))
        return tree.rebuild(self.signature.structure, iter(values))


@overload
def circuit(function: Callable[..., Any], /) -> Program: ...


@overload
def circuit(
    *,
    garbler: Party | None = None,
    parties: tuple[Party, Party] | None = None,
    private: Certifier | None = None,
) -> Callable[[Callable[..., Any]], Program]: ...


def circuit(
    function: Callable[..., Any] | None = None,
    /,
    *,
    garbler: Party | None = None,
    parties: tuple[Party, Party] | None = None,
    private: Certifier | None = None,
) -> Program | Callable[[Callable[..., Any]], Program]:
    """Make a function a circuit.

    >>> alice, bob = parties("alice", "bob")
    >>> @circuit
    ... def richer(a: UInt[32] @ alice, b: UInt[32] @ bob) -> Bool @ Both:
    ...     return a > b

    Args:
        function: The function, where the decorator has no arguments.
        garbler: Which party garbles; by default the compiler takes the cheaper assignment.
        parties: The two parties, where no annotation names one of them.
        private: What the circuit must guarantee, such as ``dp.private(epsilon=1)``.

    Raises:
        CompileError: The signature is not understood. The body is traced on the first `compile`.
    """
    scope = sys._getframe(1).f_locals

    def decorate(target: Callable[..., Any]) -> Program:
        if not inspect.isfunction(target):
            raise compile_error("@circuit decorates a function", "@circuit on the line before `def`")
        if inspect.isgeneratorfunction(target) or inspect.isasyncgenfunction(target):
            raise definition_error(target, "a circuit cannot be a generator", "return a list, tuple or Array")
        if inspect.iscoroutinefunction(target):
            raise definition_error(target, "a circuit cannot be async", "def without async")
        signature = read_signature(target, scope, parties)
        if garbler is not None and garbler not in signature.pair:
            raise definition_error(
                target, f"the garbler is one of {signature.pair[0]} and {signature.pair[1]}"
            )
        if private is not None and not hasattr(private, "certify"):
            raise definition_error(target, f"private={private!r} promises nothing", "private=dp.private()")
        return Program(target, signature, garbler, private)

    return decorate if function is None else decorate(function)
