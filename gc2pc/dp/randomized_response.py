"""Randomized response: each answer is flipped by a coin that nobody knows.

Source: Warner, "Randomized Response" (Journal of the American Statistical Association, 1965). A flip of
probability p = n/2^l gives e^epsilon = (1 - p)/p = (2^l - n)/n, exactly; delta is 0. Assumption:
computational, as of the protocol. Threat model: semi-honest parties; it does not protect against a garbler
who garbles another circuit, nor several answers of one person beyond what `per_contributor` says. Where the
answers are only counted, `laplace` on the count is more accurate by far: here every answer carries its own
noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any, Final

from gc2pc.dp.amounts import Epsilon, epsilon_of
from gc2pc.dp.coin import MAX_BITS, Coin
from gc2pc.dp.guarantee import Guarantee
from gc2pc.dp.law import Law
from gc2pc.dp.release import draw, release
from gc2pc.dp.sampler import Sample
from gc2pc.dp.sensitivity import sensitivity_of, value_of
from gc2pc.gadgets.wires import Wires
from gc2pc.ir.graph import Graph
from gc2pc.lang.source import compile_error
from gc2pc.lang.types import BOOL, Bool
from gc2pc.lang.value import Value

ENOUGH: Final = Fraction(99, 100)
"""The share of epsilon that a coin has to use up; the last percent would take several ANDs more."""


@dataclass(frozen=True)
class Flip:
    """One toss of a coin: 1 with its probability."""

    coin: Coin

    @property
    def random_bits(self) -> int:
        """The coin's."""
        return self.coin.bits

    @property
    def and_count(self) -> int:
        """The coin's."""
        return self.coin.and_count

    @property
    def width(self) -> int:
        """A bit."""
        return 1

    @property
    def signed(self) -> bool:
        """0 or 1."""
        return False

    def gates(self, graph: Graph, random: Wires) -> Sample:
        """The toss."""
        literal, step = self.coin.gates(graph, random)
        return Sample([literal], (step,))

    def draw(self, bits: Sequence[int]) -> int:
        """The same toss from the same bits."""
        return self.coin.draw(bits)

    def law(self) -> Law:
        """The coin's two probabilities."""
        return Law(0, ((1 << self.coin.bits) - self.coin.n, self.coin.n), self.coin.bits)

    def facts(self) -> tuple[tuple[str, str], ...]:
        """How likely a flip is."""
        return (("flip", str(self.coin)),)


def randomized_response(bit: Any, epsilon: Any, *, per_contributor: int = 1) -> Value:
    """The answer, or its opposite with a public probability; each element is flipped by its own coin.

    >>> answer = dp.randomized_response(smokes, dp.ln(3))       # a lie once in four times, 1 AND

    Args:
        bit: A Bool, or an array of them.
        epsilon: For all that one contributor says: an int, Fraction, text such as "1/10" or ``dp.ln(3)``. A
            record that moves k elements is protected by k coins of epsilon / k each.
        per_contributor: How many records one contributor has at most.

    Returns:
        Bools of the same shape. `estimate_count` undoes the bias of how many of them are true.

    Raises:
        CompileError: It is no Bool, or an argument is out of range.
    """
    bit = value_of(bit, "randomized_response")
    if bit.scalar.kind != BOOL:
        raise compile_error(
            f"dp.randomized_response takes Bools, not {bit.type}",
            "dp.randomized_response(age >= 18, epsilon)",
        )
    target = epsilon_of(epsilon)
    sensed = sensitivity_of(bit).times(_count(per_contributor, "per_contributor"))
    coin = flip_coin(target, sensed.total)
    noise = draw(Flip(coin), bit.shape)
    flipped = bit ^ noise.value.to(Bool)
    return release(
        "randomized_response",
        (bit,),
        (noise,),
        flipped,
        guarantee=Guarantee(coin.odds**sensed.total, Fraction(0)),
        sensitivity=sensed,
        facts=(("epsilon", str(target)),),
        meaning=lambda inputs, noises: inputs[0] ^ noises[0],
    )


@cache
def flip_coin(epsilon: Epsilon, moved: int = 1) -> Coin:
    """The coin of the fewest bits that keeps `moved` answers together within epsilon, and uses up 99 % of it.

    Where none of 18 bits uses up so much (epsilon above 12.4, where flips would be rarer than 2^-18), the one
    that uses up most.

    Raises:
        CompileError: Even a coin of probability 1/2 - 2^-18 tells more than epsilon.
    """
    share = epsilon.part(Fraction(1, moved))
    rarest = None
    for bits in range(2, MAX_BITS + 1):
        n = _least_flips(share, bits)
        if n is None or n % 2 == 0:  # an even n is a coin of fewer bits
            continue
        rarest = Coin(n, bits)
        if not share.part(ENOUGH).allows(rarest.odds):
            break
    if rarest is None:
        raise compile_error(
            f"epsilon {epsilon} for {moved} answers is so small that they would tell next to nothing",
            "a larger epsilon, or dp.laplace on a count",
        )
    return rarest


def _least_flips(epsilon: Epsilon, bits: int) -> int | None:
    """The least n with odds (2^bits - n) / n within epsilon; None if that is a fair coin."""
    low, high = 0, 1 << (bits - 1)  # n = 2^(bits - 1) always is
    while high - low > 1:
        middle = (low + high) // 2
        if epsilon.allows(Fraction((1 << bits) - middle, middle)):
            high = middle
        else:
            low = middle
    return high if high < 1 << (bits - 1) else None


def flip_probability(epsilon: Any, moved: int = 1) -> Fraction:
    """How likely `randomized_response` flips an answer.

    >>> dp.flip_probability(dp.ln(3))
    Fraction(1, 4)

    Args:
        epsilon: What it was called with.
        moved: How many answers a contributor gives at most; its certificate says so.
    """
    return flip_coin(epsilon_of(epsilon), _count(moved, "moved")).probability


def estimate_count(reported: int, answers: int, epsilon: Any, moved: int = 1) -> Fraction:
    """The unbiased estimate of how many answers were true before the flips: (reported - m p) / (1 - 2 p).

    Its expectation is the true number; its standard deviation is sqrt(m p (1 - p)) / (1 - 2 p), whatever the
    answers are. It may lie outside of [0, m]: rounding it into that range would bias it again.

    >>> dp.estimate_count(reported=41, answers=100, epsilon=dp.ln(3))
    Fraction(32, 1)

    Args:
        reported: How many of the flipped answers are true.
        answers: m, how many there are.
        epsilon: What `randomized_response` was called with.
        moved: How many answers a contributor gives at most.

    Raises:
        CompileError: These are no counts.
    """
    if _count(reported, "reported", 0) > _count(answers, "answers"):
        raise compile_error(f"reported={reported} of answers={answers}", "reported from 0 to answers")
    p = flip_probability(epsilon, moved)
    return (reported - answers * p) / (1 - 2 * p)


def _count(value: Any, name: str, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise compile_error(f"{name}={value!r}: a whole number from {least}", f"{name}=3")
    return value
