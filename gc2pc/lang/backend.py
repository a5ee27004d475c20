"""What both meanings of a value can do: compute on clear integers, or trace gates.

The rules of the language (types, widths, broadcasting, intervals) are written once, in the classes that make
up `Value`. They call one of two backends: `clear.ClearBackend` computes on Python integers and knows no
gates; `traced.TracedBackend` emits gates and knows no integers. So a plain call is an independent oracle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from numpy.typing import NDArray

from gc2pc.lang.types import Scalar

if TYPE_CHECKING:
    from gc2pc.ir.graph import Graph
    from gc2pc.lang.operation import Operation
    from gc2pc.lang.program import Program
    from gc2pc.lang.traced import TracedBackend

Data: TypeAlias = Any
"""A backend's representation of an array of raw integers."""

Shape: TypeAlias = tuple[int, ...]
Rearrange: TypeAlias = Callable[[NDArray[Any]], NDArray[Any]]
"""A NumPy function that only moves elements: a slice, a transpose, a broadcast."""

TRACE: Final[ContextVar[TracedBackend | None]] = ContextVar("gc2pc_trace", default=None)
"""The backend of the function being traced in this context; None in a plain call."""

RUN: Final[ContextVar[object | None]] = ContextVar("gc2pc_run", default=None)
"""What stands for the plain call of a circuit at work in this context; None outside of one."""


PRIVATE: Final[ContextVar[Certifier | None]] = ContextVar("gc2pc_private", default=None)
"""What the program at work in this context was asked to guarantee; None if nothing."""


class Certifier(Protocol):
    """What a program promises about all that it lets out: the argument of ``@circuit(private=...)``."""

    def certify(self, program: Program, graph: Graph) -> None:
        """Check the whole graph of `program`.

        Raises:
            CompileError: The program does not keep the promise.
        """
        ...


class Backend(Protocol):
    """The closed set of operations. Operands of one call have equal shapes unless stated."""

    @property
    def public(self) -> bool:
        """True if the values are known here."""
        ...

    def constant(self, raw: NDArray[Any], scalar: Scalar) -> Data:
        """An array of public raw integers."""
        ...

    def random(self, scalar: Scalar, shape: Shape) -> Data:
        """Fresh uniform bits."""
        ...

    def add(self, x: Data, y: Data, scalar: Scalar) -> Data:
        """x + y, wrapped."""
        ...

    def subtract(self, x: Data, y: Data, scalar: Scalar) -> Data:
        """x - y, wrapped."""
        ...

    def negate(self, x: Data, scalar: Scalar) -> Data:
        """-x, wrapped."""
        ...

    def absolute(self, x: Data, scalar: Scalar) -> Data:
        """|x|, wrapped."""
        ...

    def multiply(self, x: Data, tx: Scalar, y: Data, ty: Scalar, out: Scalar, shift: int) -> Data:
        """Nearest even of x * y / 2^shift, wrapped to `out`."""
        ...

    def less(self, x: Data, y: Data, scalar: Scalar) -> Data:
        """x < y as a Bool."""
        ...

    def equal(self, x: Data, y: Data, scalar: Scalar) -> Data:
        """x == y as a Bool."""
        ...

    def bit_and(self, x: Data, y: Data) -> Data:
        """Bitwise and of two's complement."""
        ...

    def bit_or(self, x: Data, y: Data) -> Data:
        """Bitwise or."""
        ...

    def bit_xor(self, x: Data, y: Data) -> Data:
        """Bitwise exclusive or."""
        ...

    def invert(self, x: Data, scalar: Scalar) -> Data:
        """Bitwise complement."""
        ...

    def shift_left(self, x: Data, scalar: Scalar, amount: int) -> Data:
        """x * 2^amount, wrapped."""
        ...

    def shift_right(self, x: Data, scalar: Scalar, amount: int) -> Data:
        """floor(x / 2^amount)."""
        ...

    def select(self, choice: Data, then: Data, otherwise: Data) -> Data:
        """`then` where the Bool `choice`, else `otherwise`."""
        ...

    def convert(self, x: Data, before: Scalar, after: Scalar) -> Data:
        """The same number in another type: nearest even, then wrapped."""
        ...

    def elementwise(self, operation: Operation, operands: Sequence[Data]) -> Sequence[Data]:
        """The results of an operation on operands of one shape."""
        ...

    def bits(self, x: Data, scalar: Scalar) -> Sequence[Data]:
        """Each bit of x as a Bool, least significant first: raw two's complement."""
        ...

    def from_bits(self, bits: Sequence[Data], scalar: Scalar) -> Data:
        """The value whose raw bits are these."""
        ...

    def rearrange(self, x: Data, shape: Shape, move: Rearrange) -> tuple[Data, Shape]:
        """Elements of x (of `shape`) moved as NumPy would; the result's shape."""
        ...

    def concatenate(self, parts: Sequence[tuple[Data, Shape]], shape: Shape, move: Rearrange) -> Data:
        """All parts flattened one after the other, then moved to `shape`."""
        ...

    def total(self, x: Data, before: Scalar, count: int, after: Scalar, shift: int) -> Data:
        """Sums over axis 0 of an array of shape (count, ...): nearest even of sum / 2^shift, wrapped."""
        ...

    def matrix_product(
        self, x: Data, tx: Scalar, y: Data, ty: Scalar, sizes: Shape, after: Scalar, shift: int
    ) -> Data:
        """Nearest even of (sums of products) / 2^shift, wrapped.

        With `sizes` = (inner, rows, columns): the transposed x of shape (inner, rows) by y (inner, columns).
        """
        ...

    def extreme(self, x: Data, scalar: Scalar, count: int, largest: bool) -> tuple[Data, Data]:
        """The largest or smallest along axis 0 of (count, ...), and its lowest index."""
        ...
