"""How a kind of row is measured: each function starts fresh processes and gives back `Samples`.

A repetition counts as long as the slower side took. Every factory below returns a `Measure`, which takes the
number of repetitions.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from gc2pc.bench.pair import Pair
from gc2pc.bench.tasks import Timing
from gc2pc.errors import ChannelError
from gc2pc.lang.loader import gallery_target


@dataclass(frozen=True)
class Samples:
    """What one row measured.

    Attributes:
        seconds: Per repetition.
        peak_megabytes: Peak memory of both parties, in units of 10^6 bytes; empty where it is not measured.
        figures: What else is known of a repetition: counts (ANDs, OTs, bytes, rounds), and
            `loopback_bytes_per_second`, the wire's own limit as it was when the row was measured.
    """

    seconds: list[float]
    peak_megabytes: tuple[float, ...]
    figures: dict[str, float] = field(default_factory=dict)


Measure: TypeAlias = Callable[[int], Samples]

LOOPBACK_BYTES: Final = 256 * 1024 * 1024
"""Bytes of one repetition of the raw transfer: about a tenth of a second."""

LOOPBACK_REPEAT: Final = 5
"""Raw transfers beside a throughput row, of which the median counts."""

COTS: Final = 10_000_000
"""Correlated OTs of one repetition."""


def slower(timings: tuple[Timing, Timing]) -> Samples:
    """Both workers' timings as one."""
    first, second = timings
    seconds = [max(pair) for pair in zip(first.seconds, second.seconds, strict=True)]
    return Samples(seconds, (first.peak_megabytes, second.peak_megabytes), first.figures)


def runs(program: str, *, batch: int = 1, warm_up: str | None = None, wire: bool = True) -> Measure:
    """Runs of a program in one session.

    Args:
        program: Its name in `bench.programs`.
        batch: Instances of each run.
        warm_up: Another program for the run that does not count, where one more run would take too long.
        wire: Measure the raw speed of the loopback too, just before; it says nothing about a program whose
            tables are a few hundred bytes.
    """

    def measure(repeat: int) -> Samples:
        arguments = {"program": program, "batch": batch, "warm_up": warm_up or program}
        with Pair() as pair:
            raw = {"loopback_bytes_per_second": _raw_speed(pair)} if wire else {}
            samples = slower(pair.call("throughput", repeat=repeat, **arguments))
        samples.figures.update(raw)
        return samples

    return measure


def _raw_speed(pair: Pair) -> float:
    """Bytes per second of the loopback, the median of a few transfers."""
    samples = slower(pair.call("loopback", nbytes=LOOPBACK_BYTES, repeat=LOOPBACK_REPEAT))
    return LOOPBACK_BYTES / statistics.median(samples.seconds)


def loopback(repeat: int) -> Samples:
    """The raw speed by itself."""
    with Pair() as pair:
        samples = slower(pair.call("loopback", nbytes=LOOPBACK_BYTES, repeat=repeat))
    samples.figures["loopback_bytes_per_second"] = LOOPBACK_BYTES / statistics.median(samples.seconds)
    return samples


def first(program: str) -> Measure:
    """Connections with one run each. The connecting side's time; the listening side only waits longer."""

    def measure(repeat: int) -> Samples:
        with Pair() as pair:
            pair.call("first_run", program=program)
            both = [pair.call("first_run", program=program) for _ in range(repeat)]
        peaks = tuple(max(each[role].peak_megabytes for each in both) for role in (0, 1))
        return Samples([connecting.seconds[0] for _, connecting in both], peaks, both[0][0].figures)

    return measure


def base_ots(repeat: int) -> Samples:
    """128 base OTs."""
    with Pair() as pair:
        samples = slower(pair.call("base_ots", count=128, repeat=repeat))
    samples.figures["ots"] = 128
    return samples


def cots(k: int) -> Measure:
    """COTS correlated OTs of a SoftSpoken extension with field exponent k."""

    def measure(repeat: int) -> Samples:
        with Pair() as pair:
            return slower(pair.call("cots", count=COTS, k=k, repeat=repeat))

    return measure


def command(repeat: int) -> Samples:
    """Both `gc2pc run` processes, from exec to the later exit; the first round is not counted.

    It fills the caches of kernels and of Python's bytecode, which an installed package has.
    """
    return Samples([_command_once() for _ in range(repeat + 1)][1:], ())


def _command_once() -> float:
    from gc2pc.channel.registry import open_listener

    listener = open_listener("127.0.0.1:0")  # takes a free port, for the command to take again
    address = listener.address
    listener.close()
    target = gallery_target("millionaires.py:richer")
    base = [sys.executable, "-P", "-m", "gc2pc", "run", target, "--party"]
    commands = (
        [*base, "alice", "--listen", address, "a=800000"],
        [*base, "bob", "--connect", address, "b=750000"],
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    processes = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for command in commands
    ]
    answers = [process.communicate()[0].strip() for process in processes]
    spent = time.perf_counter() - start
    if answers != ["True", "True"]:
        raise ChannelError(f"the commands answered {answers}")
    return spent
