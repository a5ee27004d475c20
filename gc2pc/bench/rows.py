"""The rows that `gc2pc bench` measures. A new one is one entry of ROWS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gc2pc.bench import measures
from gc2pc.bench.measures import Measure, Samples

PEER_MACHINE: Final = "2-core Zen 5 with VAES and AVX-512; two pinned processes, loopback TCP, medians"
"""Where the peers' figures were measured. They moved by a quarter from run to run."""


@dataclass(frozen=True)
class Peer:
    """What another framework reached, in the row's unit, and on which machine.

    Compare it with a figure of that same machine only.
    """

    name: str
    figure: float
    machine: str = PEER_MACHINE


@dataclass(frozen=True)
class Unit:
    """What a row's figure means.

    Attributes:
        name: As it is printed.
        figures: From the samples to one figure per repetition.
        more: More is better; otherwise less is.
    """

    name: str
    figures: Callable[[Samples], list[float]]
    more: bool


def _rate(count: str, scale: float) -> Callable[[Samples], list[float]]:
    """The figure called `count`, per second of each repetition."""
    return lambda samples: [scale * samples.figures[count] / seconds for seconds in samples.seconds]


def _time(scale: float) -> Callable[[Samples], list[float]]:
    return lambda samples: [scale * seconds for seconds in samples.seconds]


def _peak(samples: Samples) -> list[float]:
    """One figure for all repetitions: the system counts the peak of a process, not of a call."""
    return [max(samples.peak_megabytes)]


ANDS: Final = Unit("M AND/s", _rate("and_gates", 1e-6), more=True)
OTS: Final = Unit("M OT/s", _rate("ots", 1e-6), more=True)
WIRE: Final = Unit("GB/s", _rate("bytes", 1e-9), more=True)
MILLISECONDS: Final = Unit("ms", _time(1e3), more=False)
SECONDS: Final = Unit("s", _time(1.0), more=False)
MEGABYTES: Final = Unit("MB", _peak, more=False)


@dataclass(frozen=True)
class Row:
    """One benchmark.

    Attributes:
        section: Rows of one section are printed together.
        title: What is measured, in at most 32 characters.
        unit: Of the printed figure.
        measure: Takes the number of repetitions.
        target: The project's own mark, in `unit`.
        stretch: What would be better still.
        peers: Other frameworks' figures.
        about: What one has to know to compare the figure.
        repeat: Repetitions if the user asks for no number.
        slow: Takes a minute or more: measured only by name, or with `--all`.
    """

    section: str
    title: str
    unit: Unit
    measure: Measure
    target: float | None = None
    stretch: float | None = None
    peers: tuple[Peer, ...] = ()
    about: str = ""
    repeat: int = 7
    slow: bool = False


def emp(figure: float, name: str = "EMP 0.3") -> Peer:
    """EMP-toolkit: C++, semi-honest garbled circuits; its OT library."""
    return Peer(name, figure)


def spdz(figure: float) -> Peer:
    """MP-SPDZ: its garbled circuits, `yao`."""
    return Peer("MP-SPDZ yao", figure)


WIRE_LIMIT, THROUGHPUT, MEMORY = "Wire", "Throughput", "Memory"
LATENCY, TRANSFER = "Latency", "Oblivious transfer"

ROWS: Final[dict[str, Row]] = {
    "loopback": Row(
        WIRE_LIMIT,
        "raw loopback TCP, no protocol",
        WIRE,
        measures.loopback,
        about="The same socket and size of a piece as a run, nothing computed: the limit of this machine.",
    ),
    "aes_chain": Row(
        THROUGHPUT,
        "AES-128, 1,000 chained",
        ANDS,
        measures.runs("aes_chain"),
        target=30,
        stretch=50,
        peers=(emp(16.8), spdz(12.9)),
        about="One ciphertext is the next plaintext; the key schedule is garbled for every block.",
    ),
    "aes_batch": Row(
        THROUGHPUT,
        "AES-128, batch of 1,000",
        ANDS,
        measures.runs("aes_once", batch=1000),
        target=45,
        stretch=60,
        peers=(emp(16.8), spdz(12.9)),
        about="1,000 keys and 1,000 blocks; the key schedule is garbled for every block.",
    ),
    "sha_chain": Row(
        THROUGHPUT,
        "SHA-256 compression, 300 chained",
        ANDS,
        measures.runs("sha_chain"),
        target=30,
        stretch=45,
        peers=(emp(11.6),),
        about="One state goes into the next compression, of the same block; the first state is an input.",
    ),
    "multiply": Row(
        THROUGHPUT,
        "32-bit multiply, 5,000 lanes",
        ANDS,
        measures.runs("multiply"),
        target=50,
        stretch=70,
        peers=(emp(19.5), spdz(8.3)),
        about="One product per lane, low half.",
    ),
    "add": Row(
        THROUGHPUT,
        "32-bit add, 200,000",
        ANDS,
        measures.runs("add"),
        target=45,
        stretch=60,
        peers=(emp(17.0),),
        about="5,000 lanes, chains of 40.",
    ),
    "compare": Row(
        THROUGHPUT,
        "32-bit compare, 20,000",
        ANDS,
        measures.runs("compare"),
        target=20,
        stretch=30,
        peers=(emp(8.8),),
        about="One AND for each pair of input bits: 640,000 OTs and the reveal weigh most.",
        repeat=15,
    ),
    "sort": Row(
        THROUGHPUT,
        "sort 1,000 32-bit values",
        ANDS,
        measures.runs("sort"),
        target=40,
        stretch=50,
        peers=(emp(17.1),),
        about="500 values of each party; all are revealed in order.",
    ),
    "memory": Row(
        MEMORY,
        "peak memory, 100 M ANDs",
        MEGABYTES,
        measures.runs("multiply_long"),
        target=250,
        peers=(emp(10),),
        about="The larger party, interpreter and libraries included. 5,000 lanes, 36 products each.",
        repeat=1,
    ),
    "memory_1g": Row(
        MEMORY,
        "peak memory, 1 G ANDs",
        MEGABYTES,
        measures.runs("multiply_longer", warm_up="multiply"),
        target=250,
        about="As 100 M, with 360 products through `repeat`: memory does not grow with the trip count.",
        repeat=1,
        slow=True,
    ),
    "first32": Row(
        LATENCY,
        "first 32-bit comparison",
        MILLISECONDS,
        measures.first("compare32"),
        target=12,
        peers=(emp(18.2),),
        about="Connect, set up and run, once both processes are up and have the circuit.",
        repeat=15,
    ),
    "first128": Row(
        LATENCY,
        "first 128-bit comparison",
        MILLISECONDS,
        measures.first("compare128"),
        target=18,
        peers=(emp(21.7),),
        about="As for 32 bits.",
        repeat=15,
    ),
    "first_aes": Row(
        LATENCY,
        "AES-128 once, first run",
        MILLISECONDS,
        measures.first("aes_once"),
        target=20,
        peers=(emp(23.4),),
        about="As the first comparison. The key schedule is garbled too.",
        repeat=15,
    ),
    "further32": Row(
        LATENCY,
        "further 32-bit comparison",
        MILLISECONDS,
        measures.runs("compare32", wire=False),
        target=0.2,
        stretch=0.1,
        peers=(emp(0.10),),
        about="In the same session, inputs and reveal included.",
        repeat=301,
    ),
    "noisy_max": Row(
        LATENCY,
        "noisy max of 4,096 scores",
        MILLISECONDS,
        measures.runs("noisy_max", wire=False),
        target=1000,
        about="16-bit scores, epsilon 2 ln 2, delta 2^-40; warm session. Published: 6 s.",
        repeat=15,
    ),
    "command": Row(
        LATENCY,
        "whole command, exec to exit",
        SECONDS,
        measures.command,
        target=1.2,
        stretch=0.6,
        peers=(emp(0.033),),
        about="Both `gc2pc run` processes, kernels cached. The peer's figure is of a compiled C++ program.",
        repeat=5,
    ),
    "base_ot": Row(
        TRANSFER,
        "128 base OTs, malicious (CSW)",
        MILLISECONDS,
        measures.base_ots,
        target=15,
        peers=(emp(15.4, "EMP 1.0a, CSW"), emp(10.9, "EMP 1.0a, CO")),
        about="One batch over an open connection.",
        repeat=15,
    ),
    "cot": Row(
        TRANSFER,
        "correlated OT, SoftSpoken k=4",
        OTS,
        measures.cots(4),
        target=50,
        peers=(emp(80, "EMP 1.0a"),),
        about="10 M random ones with their consistency check, set-up not counted; the peer: 31 bits per OT.",
    ),
    "cot_k2": Row(
        TRANSFER,
        "correlated OT, SoftSpoken k=2",
        OTS,
        measures.cots(2),
        about="As k=4: 64 bits per OT instead of 32, and less than half the seeds to expand.",
    ),
    "cot_k8": Row(
        TRANSFER,
        "correlated OT, SoftSpoken k=8",
        OTS,
        measures.cots(8),
        about="As k=4: 16 bits per OT instead of 32, and 8.5 times the seeds to expand.",
    ),
}


def default_names(*, slow: bool) -> tuple[str, ...]:
    """The rows that are measured if nobody names any; slow ones if `slow`."""
    return tuple(name for name, row in ROWS.items() if slow or not row.slow)
