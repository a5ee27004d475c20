"""Start the demo's two processes, and tell what happened."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np

from gc2pc.demo.model import load_model, load_records
from gc2pc.demo.party import CHOSEN
from gc2pc.demo.train import held_out
from gc2pc.errors import ChannelError


@dataclass(frozen=True)
class Run:
    """One run as the two processes reported it.

    Attributes:
        records: How many were classified.
        seconds: From the client's call to its answer.
        and_gates: Garbled and evaluated, all records together.
        server_sent: Bytes from the server to the client.
        client_sent: Bytes from the client to the server.
    """

    records: int
    seconds: float
    and_gates: int
    server_sent: int
    client_sent: int


@dataclass(frozen=True)
class Story:
    """What the demo shows; `text` tells it.

    Attributes:
        server: Process id.
        client: Process id.
        digest: Of the circuit of one record.
        one: The run over the chosen record.
        batch: The run over all records.
        answers: What the client learned, per record: malignant or not.
        right: Records on which the answer is the doctors' diagnosis.
        right_held_out: Of these, records that training never saw, and how many those are.
        float_right: Right answers of the same model in floating point.
        differ: Records on which the two models differ.
        seconds: From the moment both processes were up: connecting, OT set-up and both runs.
    """

    server: int
    client: int
    digest: str
    one: Run
    batch: Run
    answers: list[bool]
    right: int
    right_held_out: tuple[int, int]
    float_right: int
    differ: int
    seconds: float

    def text(self) -> str:
        """The story, for people."""
        records = load_records()
        count = len(self.answers)
        shown = ", ".join(
            f"{name} {value:g}"
            for name, value in zip(records.names[:3], records.features[CHOSEN, :3].tolist(), strict=True)
        )
        answer = _diagnosis(self.answers[CHOSEN])
        doctors = _diagnosis(bool(records.malignant[CHOSEN]))
        rate = self.batch.and_gates / self.batch.seconds / 1e6
        seen_right, seen = self.right_held_out
        return f"""\
A client with medical records, a server with a model: two processes on this machine, over TCP.

  The server (process {self.server}) holds the model: {len(records.names)} weights and a bias.
  The client (process {self.client}) holds {count} records, {len(records.names)} measurements each.
  Both know the circuit ({self.digest[:12]}), and mean and scale of each measurement.

One record
  record {CHOSEN}              {shown}, ...
  the client learned     {answer} (the doctors found: {doctors}), nothing else
  the server learned     nothing
  {_cost(self.one)}

All {count} records in one batch
  right answers          {self.right} of {count} ({100 * self.right / count:.1f} %); \
{seen_right} of the {seen} that training never saw
  model in floats        {self.float_right} of {count}; the two disagree on {self.differ}
  {_cost(self.batch)}
  rate                   {rate:.1f} million AND gates a second

{self.seconds:.2f} s from connecting to the last answer. What is hidden stays hidden if both sides follow the
protocol (semi-honest security; see the README).
"""


def _diagnosis(malignant: bool) -> str:
    return "malignant" if malignant else "benign"


def _cost(run: Run) -> str:
    sent = f"server sent {_megabytes(run.server_sent)}, client sent {_megabytes(run.client_sent)}"
    return f"cost                   {run.and_gates:,} AND gates, {1000 * run.seconds:.0f} ms; {sent}"


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.2f} MB" if count >= 1e5 else f"{count / 1e3:.1f} KB"


_PARTY = "import sys; sys.path[:] = {path!r}; from gc2pc.demo.party import main; main({role!r})"
"""A party's program: the same package as this one, whatever lies in the working directory."""


class _Process:
    """One party: `gc2pc.demo.party` in a process of its own, spoken to in lines of JSON."""

    def __init__(self, role: str) -> None:
        self.role = role
        # A file, not a pipe: nobody reads it while the process lives.
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed in __exit__
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PARTY.format(path=sys.path, role=role)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._process.kill()
        self._process.communicate()
        self._errors.close()

    def tell(self, text: str) -> None:
        stdin = self._process.stdin
        if stdin is not None:
            stdin.write(text + "\n")
            stdin.flush()

    def hear(self) -> dict[str, Any]:
        """The next line; ChannelError with the process's own last words if it ended instead."""
        stdout = self._process.stdout
        line = stdout.readline() if stdout is not None else ""
        if not line:
            self._process.wait()
            self._errors.seek(0)
            last = self._errors.read().strip().rpartition("\n")[2]
            raise ChannelError(f"the demo's {self.role} failed: {last or 'it ended without a word'}")
        message: dict[str, Any] = json.loads(line)
        return message


def tell() -> Story:
    """Run both processes to their end.

    Raises:
        ChannelError: One of them failed.
    """
    with _Process("server") as server, _Process("client") as client:
        address = server.hear()["listening"]
        client.hear()
        client.tell(address)
        theirs, ours = server.hear(), client.hear()
        return _story(server.pid, client.pid, theirs["runs"], ours)


def _story(server: int, client: int, served: list[dict[str, Any]], heard: dict[str, Any]) -> Story:
    records, model = load_records(), load_model()
    answers = np.array(heard["answers"], dtype=bool)
    floating = model.decide(records.features)
    unseen = held_out(len(answers))
    right = answers == records.malignant
    runs = [
        Run(
            records=mine["batch"],
            seconds=seconds,
            and_gates=mine["and_gates"],
            server_sent=theirs["bytes_sent"],
            client_sent=mine["bytes_sent"],
        )
        for theirs, mine, seconds in zip(served, heard["runs"], heard["seconds"], strict=True)
    ]
    return Story(
        server=server,
        client=client,
        digest=heard["runs"][0]["digest"],
        one=runs[0],
        batch=runs[1],
        answers=answers.tolist(),
        right=int(right.sum()),
        right_held_out=(int(right[unseen].sum()), int(unseen.sum())),
        float_right=int((floating == records.malignant).sum()),
        differ=int((floating != answers).sum()),
        seconds=heard["total"],
    )
