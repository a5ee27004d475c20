"""What a run cost, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gc2pc.garbling.plan import TABLES
from gc2pc.protocol.connection import FinishedRun
from gc2pc.protocol.hello import Agreement
from gc2pc.session.traffic import Traffic

if TYPE_CHECKING:
    from gc2pc.session.account import Spending


@dataclass(frozen=True)
class RunReport:
    """One run, seen from one party.

    Attributes:
        program: Name of the program.
        digest: The circuit's SHA-256, in hexadecimal.
        party: This party's name; `peer` is the other's.
        role: "garbler" or "evaluator".
        batch: Instances that ran at once.
        and_gates: ANDs of the run, all instances together.
        table_bytes: Bytes of garbled tables among those that were sent or received, as counted.
        ots: Oblivious transfers of the run, without those of their own set-up.
        ots_pooled: Of these, how many were made between runs: they cost this run nothing.
        ot_path: How they were made: "none", "direct" or "extension".
        bytes_sent: Payload; `framing_sent` comes on top.
        bytes_received: Likewise.
        rounds: Maximal one-way runs of messages, as this side sees them; docs/protocol.md has them per path.
        seconds: The run, from the first message on; compiling and encoding are not in it.
        waiting_seconds: Of these, waiting for the peer or for room to send.
        phases: Seconds per phase of the protocol.
        privacy: What this side's ledger was charged, if it keeps one and the run cost anything.
    """

    program: str
    digest: str
    party: str
    peer: str
    role: str
    batch: int
    and_gates: int
    table_bytes: int
    ots: int
    ots_pooled: int
    ot_path: str
    bytes_sent: int
    bytes_received: int
    framing_sent: int
    framing_received: int
    rounds: int
    seconds: float
    waiting_seconds: float
    phases: dict[str, float]
    privacy: Spending | None = None

    def to_dict(self) -> dict[str, Any]:
        """All fields, as plain values for JSON."""
        return asdict(self)

    @property
    def and_rate(self) -> float:
        """ANDs per second of the whole run."""
        return self.and_gates / self.seconds if self.seconds > 0 else 0.0

    def __str__(self) -> str:
        batch = f" x {self.batch}" if self.batch > 1 else ""
        pooled = f", {self.ots_pooled:,} made before" if self.ots_pooled else ""
        rows = [
            ("program", f"{self.program}{batch} ({self.digest[:12]})"),
            ("role", f"{self.party} is the {self.role}, {self.peer} the other"),
            ("circuit", f"{self.and_gates:,} ANDs, {format_bytes(self.table_bytes)} of tables"),
            ("OTs", f"{self.ots:,} ({self.ot_path}{pooled})"),
            ("sent", format_bytes(self.bytes_sent)),
            ("received", format_bytes(self.bytes_received)),
            ("rounds", str(self.rounds)),
            ("time", f"{format_seconds(self.seconds)} ({format_seconds(self.waiting_seconds)} waiting)"),
            ("phases", ", ".join(f"{name} {format_seconds(spent)}" for name, spent in self.phases.items())),
            *([("privacy", str(self.privacy))] if self.privacy is not None else []),
        ]
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {text}" for name, text in rows)


def report_of(
    agreement: Agreement, run: FinishedRun, traffic: Traffic, privacy: Spending | None = None
) -> RunReport:
    """The report of a run: what moved, and what a ledger was charged for it."""
    plan = run.plan
    circuit = plan.circuit
    garbles = circuit.parties[circuit.garbler] == agreement.name
    return RunReport(
        program=circuit.name,
        digest=circuit.digest,
        party=agreement.name,
        peer=agreement.peer,
        role="garbler" if garbles else "evaluator",
        batch=plan.batch,
        and_gates=plan.ands,
        table_bytes=traffic.phase_bytes.get(TABLES, 0),
        ots=plan.ots,
        ots_pooled=run.ots_pooled,
        ot_path=plan.ot_path,
        bytes_sent=traffic.bytes_sent,
        bytes_received=traffic.bytes_received,
        framing_sent=traffic.framing_sent,
        framing_received=traffic.framing_received,
        rounds=traffic.rounds,
        seconds=traffic.seconds,
        waiting_seconds=traffic.waiting_seconds,
        phases=traffic.phases,
        privacy=privacy,
    )


def format_bytes(nbytes: int) -> str:
    """Such as "512 bytes", "3.2 KB", "1.25 GB" (decimal units)."""
    if nbytes < 1000:
        return f"{nbytes} byte{'' if nbytes == 1 else 's'}"
    value = float(nbytes)
    for unit in ("KB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.5 or unit == "TB":
            break
    return f"{value:.3g} {unit}"


def format_seconds(seconds: float) -> str:
    """Such as "35 us", "1.2 ms", "3.4 s"."""
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} us"
    if seconds < 1:
        return f"{seconds * 1e3:.3g} ms"
    return f"{seconds:.3g} s"
