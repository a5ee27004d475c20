"""A tighter figure for many runs, by privacy-loss distributions: shown to people, never used to admit a run.

Ledgers add exact fractions. This module says how much that basic composition overstates, in floating point
(the extra `[accounting]`: Google's dp-accounting). Every mechanism becomes a pair of distributions that
dominates it; dominating pairs compose even if later runs depend on what earlier ones let out (Zhu, Dong,
Wang, "Optimal Accounting of Differential Privacy via Characteristic Function", AISTATS 2022). The pair is
that of the exact noise and its shifts where noise is added to a query, and otherwise that of the mechanism's
(R, delta) alone, which randomised response attains (Kairouz, Oh, Viswanath, "The Composition Theorem for
Differential Privacy", ICML 2015). Grid of losses: Doroshenko, Ghazi, Kamath, Kumar, Manurangsi, "Connect the
Dots: Tighter Discrete Approximations of Privacy Loss Distributions" (PoPETs 2022).

Assumption and threat model: those of the certificate. It does not protect anything: it is a figure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from math import ceil, inf
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from gc2pc.dp.amounts import MAX_EPSILON, delta_of, shown_epsilon
from gc2pc.dp.guarantee import NOTHING
from gc2pc.errors import InputError

if TYPE_CHECKING:
    from gc2pc.dp.certificate import Certificate, Entry
    from gc2pc.dp.law import Law

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]
"""Probabilities of the same outcomes under two neighbouring datasets."""

COARSEST: Final = 1e-3
FINEST: Final = 1e-6
"""Distances of neighbouring privacy losses. What lies between two is split between them, to the worse side:
that adds about the distance squared to a loss's mean. A hundredth of the smallest epsilon is fine enough."""

ROUNDING: Final = 1e-11
"""Of delta: what floating point may lose, taken off before epsilon is read. Measured: below 1e-12."""

NEGLIGIBLE: Final = 1e-18
"""Probability of losses that count as infinite."""

MOST_RUNS: Final = 100_000
MOST_SPREADS: Final = 32
"""Ways to spread a vector's move over its elements, above which (R, delta) stands for the noise."""

ADDITIVE: Final = frozenset({"laplace", "gaussian"})
"""Mechanisms that add independent samples of one law to a query, and then at most compute on the sum."""


def tight_epsilon(certificate: Certificate, runs: int, delta_dp: Any) -> float:
    """An epsilon for which `runs` runs together are (epsilon, delta_dp) differentially private.

    A figure for people, in floating point, never larger than basic composition's. No ledger uses it.

    >>> dp.tight_epsilon(dp.certify(poll), runs=100, delta_dp="1e-9")

    Args:
        certificate: Of one run with one input set; a batch of m counts as m runs.
        runs: How many, on the same records.
        delta_dp: For all runs together: as in the mechanisms.

    Returns:
        Infinity if nothing holds for so small a delta.

    Raises:
        InputError: The extra `[accounting]` is not installed, or `runs` is no number from 1 to 100,000.
        CompileError: `delta_dp` is no number from 0 and below 1.
    """
    return tight_epsilons(certificate, runs, [delta_of(delta_dp)])[0]


def tight_epsilons(certificate: Certificate, runs: int, deltas: Sequence[Fraction]) -> list[float]:
    """`tight_epsilon` at each of these deltas, for the price of one."""
    if type(runs) is not int or not 1 <= runs <= MOST_RUNS:
        raise InputError(f"runs={runs!r}: a whole number from 1 to {MOST_RUNS:,}")
    composed = _composed(certificate, runs)
    found = []
    for delta in deltas:
        spared = max(0.0, float(delta) - ROUNDING)
        tight = float(composed.get_epsilon_for_delta(spared)) if composed and spared else inf
        found.append(min(tight, basic_epsilon(certificate, runs, delta)))
    return found


def basic_epsilon(certificate: Certificate, runs: int, delta: Fraction) -> float:
    """The same by basic composition: what a ledger charges; rounded up, infinity if delta is too small."""
    if certificate.guarantee.delta * runs > delta:
        return inf
    return float(Fraction(shown_epsilon(certificate.guarantee.ratio)) * runs)


def _composed(certificate: Certificate, runs: int) -> Any:
    """The privacy-loss distribution of all runs; None if there is nothing to compute with."""
    try:
        from dp_accounting.pld.pld_pmf import create_pmf_pessimistic_connect_dots_fixed_gap
        from dp_accounting.pld.privacy_loss_distribution import PrivacyLossDistribution
    except ImportError:
        raise InputError("this needs the package dp-accounting: pip install 'gc2pc[accounting]'") from None
    entries = [entry for entry in certificate.entries if entry.guarantee != NOTHING]
    if not entries or Fraction(shown_epsilon(certificate.guarantee.ratio)) > MAX_EPSILON:
        return None
    smallest = min(float(shown_epsilon(entry.guarantee.ratio)) / entry.times for entry in entries)
    grid = _Grid(max(FINEST, min(COARSEST, smallest / 100)), create_pmf_pessimistic_connect_dots_fixed_gap)
    total = None
    for entry in entries:
        once = PrivacyLossDistribution(_dominating(entry, grid))
        several = once.self_compose(runs * entry.times)
        total = several if total is None else total.compose(several)
    return total


@dataclass(frozen=True)
class _Grid:
    """Privacy losses that are multiples of `width`."""

    width: float
    connect_dots: Callable[..., Any]

    def epsilons(self, reach: int) -> Floats:
        return np.arange(-reach, reach + 1, dtype=np.float64) * np.float64(self.width)

    def distribution(self, reach: int, deltas: Floats) -> Any:
        """The loss distribution that has these deltas at `epsilons`, and their chords between them."""
        return self.connect_dots(self.width, -reach, reach, np.clip(deltas, 0.0, 1.0))


def _dominating(entry: Entry, grid: _Grid) -> Any:
    """The loss distribution of a pair that dominates one pass of a mechanism, for all neighbours."""
    spreads = _spreads(entry)
    if spreads is None:
        return _worst_pair([_of_guarantee(entry)], grid)
    pairs = {step: _shifted(entry.laws[0], step) for spread in spreads for step in spread}
    if max(map(len, spreads)) == 1:
        return _worst_pair([pair for step in pairs for pair in (pairs[step], pairs[step][::-1])], grid)
    parts = {step: _worst_pair([pair, pair[::-1]], grid) for step, pair in pairs.items()}
    return _worst_of([_product([parts[step] for step in spread]) for spread in spreads], grid)


def _spreads(entry: Entry) -> list[tuple[int, ...]] | None:
    """All ways in which one record moves the elements of an additive mechanism, in steps of its noise.

    A move that is no multiple of a plateau 2^u is a mixture of two that are, and the low bits tell which: the
    larger of the two bounds it. None where the noise's law is not what neighbours are compared by: other
    mechanisms, noise that is pure only together with its clamp, vectors that can move in too many ways.
    """
    moves = entry.moves
    if entry.mechanism not in ADDITIVE or len(entry.laws) != 1 or moves is None or entry.guarantee.delta == 0:
        return None
    total, most = (-(-move >> entry.laws[0].uniform) for move in moves)
    if entry.samples == 1:
        return [(step,) for step in range(1, total + 1)] if total <= MOST_SPREADS else None
    if entry.laws[0].uniform or total > MOST_SPREADS:
        return None
    found = list(islice(_partitions(total, most, entry.samples), MOST_SPREADS + 1))
    return found if len(found) <= MOST_SPREADS else None


def _partitions(total: int, most: int, parts: int) -> Iterator[tuple[int, ...]]:
    """At most `parts` numbers from `most` downwards that add up to at most `total`; not the empty one."""
    for first in range(min(total, most), 0, -1):
        yield (first,)
        if parts > 1:
            yield from ((first, *rest) for rest in _partitions(total - first, first, parts - 1))


def _shifted(law: Law, step: int) -> Pair:
    """The noise of a law, and the same noise after a shift by some steps."""
    weights = np.array([weight / (1 << law.bits) for weight in law.weights])
    gap = np.zeros(min(step, len(weights)))
    return np.concatenate([weights, gap]), np.concatenate([gap, weights])


def _of_guarantee(entry: Entry) -> Pair:
    """The worst pair that (R, delta) of one pass allows: two outcomes give the dataset away, two do not."""
    ratio = float(_root(entry.guarantee.ratio, entry.times))
    delta = float(entry.guarantee.delta / entry.times)
    likely, unlikely = (1 - delta) * ratio / (1 + ratio), (1 - delta) / (1 + ratio)
    return np.array([delta, likely, unlikely, 0.0]), np.array([0.0, unlikely, likely, delta])


def _root(power: Fraction, degree: int) -> Fraction:
    """The least multiple of 2^-64 whose power is at least this one."""
    scaled = -(-(power.numerator << 64 * degree) // power.denominator)
    low, high = 0, 1 << (scaled.bit_length() // degree + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if middle**degree >= scaled else (middle, high)
    return Fraction(high, 1 << 64)


def _worst_pair(pairs: Sequence[Pair], grid: _Grid) -> Any:
    """The loss distribution on the grid that dominates all these pairs.

    Delta as a function of e^epsilon is convex for each pair, so their maximum is, and its chords lie above.
    """
    sorted_pairs = [_by_loss(*pair) for pair in pairs]
    reach = max(ceil(_farthest(losses, first) / grid.width) for losses, first, _ in sorted_pairs)
    epsilons = grid.epsilons(max(1, reach))
    deltas = np.zeros(len(epsilons))
    for pair in sorted_pairs:
        np.maximum(deltas, _deltas(*pair, epsilons), out=deltas)
    return grid.distribution(max(1, reach), deltas)


def _by_loss(first: Floats, second: Floats) -> tuple[Floats, Floats, Floats]:
    """Losses ln(first / second), largest first, with both probabilities."""
    first, second = first[first > 0], second[first > 0]
    with np.errstate(divide="ignore"):
        losses = np.log(first) - np.log(second)
    order = np.argsort(-losses, kind="stable")
    return losses[order], first[order], second[order]


def _farthest(losses: Floats, first: Floats) -> float:
    """The largest loss that is neither infinite nor negligible, or 0."""
    finite = np.isfinite(losses)
    likely = finite & (np.cumsum(np.where(finite, first, 0.0)) > NEGLIGIBLE)
    return float(np.max(losses[likely], initial=0.0))


def _deltas(losses: Floats, first: Floats, second: Floats, epsilons: Floats) -> Floats:
    """Sum of max(0, first - e^epsilon second) at each epsilon."""
    above = np.searchsorted(-losses, -epsilons, side="left")
    one = np.concatenate([[0.0], np.cumsum(first)])[above]
    other = np.concatenate([[0.0], np.cumsum(second)])[above]
    deltas: Floats = one - np.exp(epsilons) * other
    return deltas


def _product(parts: Sequence[Any]) -> Any:
    """The loss distribution of independent parts."""
    product = parts[0]
    for part in parts[1:]:
        product = product.to_dense_pmf().compose(part.to_dense_pmf())
    return product


def _worst_of(found: Sequence[Any], grid: _Grid) -> Any:
    """The loss distribution on the grid that dominates all of these."""
    reach = max(part.size for part in found)
    deltas = [part.get_delta_for_epsilon(grid.epsilons(reach)) for part in found]
    return grid.distribution(reach, np.max(deltas, axis=0))
