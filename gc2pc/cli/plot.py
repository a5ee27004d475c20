"""The figure of `gc2pc dp --plot`: each mechanism's exact noise beside that of a neighbouring dataset.

Above, both laws. Below, by how much they differ at each output: between -epsilon and +epsilon
wherever the mechanism's (R, delta) holds without its delta. Needs matplotlib, the extra `[plot]`. The same
certificate gives the same bytes with the same version of matplotlib.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from gc2pc.cli.privacy import upper
from gc2pc.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gc2pc.dp.certificate import Certificate, Entry
    from gc2pc.dp.law import Law

SHARE: Final = Fraction(999, 1000)
"""How much of the noise the figure shows: the tails beyond are too thin to see."""

LAW_HEIGHT: Final = 2.9
LOSS_HEIGHT: Final = 1.7
"""Inches."""

HERE: Final = "#0072b2"
THERE: Final = "#d55e00"
BOUND: Final = "#555555"
"""Colours that colour-blind people tell apart (Okabe, Ito 2008), and grey."""

ADDED: Final = frozenset({"laplace", "gaussian", "threshold"})
"""Mechanisms that add noise to the query: a neighbour has it shifted. Of others only the noise is drawn."""

RESPONSE: Final = "randomized_response"
"""Its noise flips a bit: a neighbour has the other bit, not a shifted one."""

_RANGE: Final = re.compile(r"\[(-?\d+), (-?\d+)\]")
"""How `dp.laplace` notes an output range among its facts."""

STYLE: Final[dict[Any, Any]] = {
    "svg.hashsalt": "gc2pc",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


@dataclass(frozen=True)
class Curves:
    """One noise and the same noise under a neighbouring dataset, value by value.

    Attributes:
        edges: Ends of the steps on the axis, one more than there are probabilities.
        here, there: Probability of one value, under either dataset.
        move: How far the query moved; None if nothing moves.
    """

    edges: NDArray[np.float64]
    here: NDArray[np.float64]
    there: NDArray[np.float64]
    move: int | None


def save_svg(certificate: Certificate, path: Path) -> None:
    """Draw a certificate's mechanisms.

    Raises:
        InputError: No matplotlib, no mechanism to draw, another ending than .svg, or a place where no file
            can be written.
    """
    if path.suffix.lower() != ".svg":
        raise InputError(f"cannot draw {path}: the ending must be .svg")
    try:
        import matplotlib as mpl
    except ImportError:
        raise InputError("--plot needs the package matplotlib: pip install 'gc2pc[plot]'") from None
    with mpl.rc_context(STYLE):
        figure = draw(certificate)
        try:
            figure.savefig(
                path, format="svg", metadata={"Date": None, "Title": f"noise of {certificate.circuit}"}
            )
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror or type(error).__name__}") from None


def draw(certificate: Certificate) -> Figure:
    """The figure: each noise of each mechanism, and below it the privacy loss where neighbours shift it.

    Raises:
        InputError: There is no mechanism.
    """
    from matplotlib.figure import Figure

    drawn = [(entry, curves(entry, law)) for entry in certificate.entries for law in entry.laws]
    if not drawn:
        raise InputError(f"{certificate.circuit} has no mechanism to draw")
    heights = [
        height for _, shown in drawn for height in (LAW_HEIGHT, LOSS_HEIGHT)[: 1 + (shown.move is not None)]
    ]
    figure = Figure(figsize=(8, sum(heights)), layout="constrained")
    panels = iter(figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0])
    for entry, shown in drawn:
        above = next(panels)
        _draw_law(above, entry, shown)
        if shown.move is not None:
            below = next(panels)
            below.sharex(above)
            above.tick_params(labelbottom=False)
            _draw_loss(below, entry, shown)
        _label_values(above if shown.move is None else below, entry)
    return figure


def curves(entry: Entry, law: Law) -> Curves:
    """What is drawn for one noise of a mechanism: its likely values, and room for the move."""
    if entry.mechanism == RESPONSE and (law.low, len(law.weights)) == (0, 2):
        keep, flip = float(law.probability(0)), float(law.probability(1))
        return Curves(np.array([-0.5, 0.5, 1.5]), np.array([keep, flip]), np.array([flip, keep]), 1)
    move = entry.moves[1] if entry.moves is not None and entry.mechanism in ADDED else 0
    held = _output_range(entry)
    if held is not None:
        move = min(move, held[1] - held[0])
        low, high, offset = *held, held[0]
    else:
        (low, high), offset = law.interval(SHARE), 0
        high += move
    starts = _starts(law, low, high, (offset, offset + move))
    if held is not None:
        starts = sorted({*starts, low + 1, high})
    here, there = (
        np.array(
            [
                float(_probability(law, start - at, start - low if held else 1, high - start if held else 1))
                for start in starts
            ]
        )
        for at in (offset, offset + move)
    )
    edges = np.array([float(start) for start in [*starts, high + 1]]) - 0.5
    return Curves(edges, here, there, move or None)


def _output_range(entry: Entry) -> tuple[int, int] | None:
    """Where values are held after the noise."""
    found = _RANGE.match(dict(entry.facts).get("output range", ""))
    return None if found is None else (int(found[1]), int(found[2]))


def _starts(law: Law, low: int, high: int, offsets: tuple[int, int]) -> list[int]:
    """Where steps of the figure begin: plateaus stay whole, but for those that the move splits."""
    width = 1 << law.uniform
    return sorted(
        {
            low,
            *(
                start
                for at in offsets
                for start in range(low - (low - at) % width, high + 1, width)
                if start >= low
            ),
        }
    )


def _probability(law: Law, value: int, from_low: int, from_high: int) -> Fraction:
    """Of one value; at an end where values are held, of all beyond it too."""
    if from_low == 0:
        return _at_most(law, value)
    if from_high == 0:
        return 1 - _at_most(law, value - 1)
    return law.probability(value)


def _at_most(law: Law, value: int) -> Fraction:
    """P(noise <= value)."""
    values = max(0, min(value, law.highest) - law.lowest + 1)
    whole, rest = values >> law.uniform, values & ((1 << law.uniform) - 1)
    weight = sum(law.weights[:whole]) << law.uniform
    return Fraction(weight + (law.weights[whole] * rest if rest else 0), 1 << (law.bits + law.uniform))


def _draw_law(above: Axes, entry: Entry, shown: Curves) -> None:
    """The noise, and what it is under a neighbouring dataset."""
    here, there = _names(entry, shown)
    above.stairs(shown.here, shown.edges, color=HERE, fill=True, alpha=0.35, label=here)
    title = f"{entry.mechanism.replace('_', ' ')} at {entry.where}"
    above.set_title(title, loc="left", fontweight="bold", pad=8 if shown.move is None else 26)
    above.set_ylabel("probability of one value")
    if shown.move is not None:
        above.stairs(shown.there, shown.edges, color=THERE, linewidth=1.5, label=there)
        above.legend(
            frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderpad=0, borderaxespad=0.6
        )
    above.set_ylim(bottom=0)


def _names(entry: Entry, shown: Curves) -> tuple[str, str]:
    """Of the two laws."""
    held = _output_range(entry)
    if shown.move is None:
        return "P", ""
    if entry.mechanism == RESPONSE:
        return "P: the bit is 0", "P': the bit is 1"
    if held is not None:
        return f"P: the query is {held[0]:,}", f"P': the query is {held[0] + shown.move:,}"
    what = "the query" if entry.samples == 1 else "an element of the query"
    return "P: a dataset", f"P': a neighbour, {what} {shown.move:,} larger"


def _label_values(axes: Axes, entry: Entry) -> None:
    """Whole numbers along the horizontal axis."""
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    released = entry.mechanism == RESPONSE or _output_range(entry) is not None
    axes.xaxis.set_major_locator(MaxNLocator(nbins=9, integer=True))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    unit = ", in the query's smallest unit" if entry.mechanism in ADDED else ""
    axes.set_xlabel("output" if released else f"noise{unit} (the likely 99.9 %)")


def _draw_loss(below: Axes, entry: Entry, shown: Curves) -> None:
    """The privacy loss of each output, and the bound that it keeps."""
    from gc2pc.dp.amounts import logarithm, shown_epsilon

    with np.errstate(divide="ignore", invalid="ignore"):
        loss = np.log(shown.here) - np.log(shown.there)
    loss[~np.isfinite(loss)] = math.nan
    bound = float(logarithm(entry.guarantee.ratio)) / entry.times
    below.axhspan(-bound, bound, color=BOUND, alpha=0.08, linewidth=0)
    for sign in (1, -1):
        below.axhline(sign * bound, color=BOUND, linestyle="--", linewidth=1)
    below.stairs(loss, shown.edges, color=HERE, linewidth=1.5, baseline=None)
    passes = "" if entry.times == 1 else f" / {entry.times:,} passes"
    but = f", but for delta_dp = {upper(entry.guarantee.delta)}{passes}" if entry.guarantee.delta else ""
    below.annotate(
        f"within ±epsilon = {shown_epsilon(entry.guarantee.ratio)}{passes}{but}",
        (1, bound),
        xycoords=("axes fraction", "data"),
        xytext=(0, 3),
        textcoords="offset points",
        ha="right",
        va="bottom",
        color=BOUND,
    )
    below.set_ylim(-1.3 * bound, 1.8 * bound)
    below.set_ylabel("privacy loss\nln(P / P')")
