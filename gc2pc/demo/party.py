"""One process of the demo: `main("server")`, or `main("client")`.

The two talk to each other over TCP only. To whoever started them they speak in lines of JSON:

    server > {"listening": ADDRESS}     client > {"ready": true}       imported, kernels loaded
                                        client < ADDRESS               go
    server > {"runs": [...]}            client > {"runs": [...], "answers": [...], "seconds": [...]}

The server reads the model's weights and never the records; the client reads the records and, of the model,
only the normalisation, which is public.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any, Final

import gc2pc
from gc2pc.demo.model import load_model, load_records
from gc2pc.kernels import compile_all
from gc2pc.lang.loader import gallery_target, load_program
from gc2pc.lang.program import Program
from gc2pc.session.session import Session

ADDRESS: Final = "127.0.0.1:0"
"""Loopback, any free port."""

TIMEOUT: Final = 30.0
"""Seconds that either side waits for the other."""

CHOSEN: Final = 19
"""The record that is classified alone first; counted from 0, the first benign one."""


def program() -> Program:
    """`decision` of the gallery's linear.py."""
    return load_program(gallery_target("linear.py:decision"))


def serve() -> None:
    """The server: holds the model, answers one record and then a batch."""
    model = load_model()
    decision = program()
    decision.compile(n=len(model.names))
    session = gc2pc.listen(ADDRESS, decision.parties[1], timeout=TIMEOUT)
    say({"listening": session.address})
    runs = []
    with session:
        for run in (session.run, session.run_batch):
            run(decision, weights=model.weights, bias=model.bias)
            runs.append(report_of(session))
    say({"runs": runs})


def ask() -> None:
    """The client: holds the records, has one of them classified and then all."""
    records = load_records()
    features = load_model().normalise(records.features)
    decision = program()
    decision.compile(n=len(records.names))
    compile_all()
    say({"ready": True})
    address = sys.stdin.readline().strip()
    runs, seconds = [], []
    begin = time.perf_counter()
    with gc2pc.connect(address, decision.parties[0], timeout=TIMEOUT) as session:
        for run, inputs in ((session.run, features[CHOSEN]), (session.run_batch, features)):
            start = time.perf_counter()
            answers = run(decision, features=inputs)
            seconds.append(time.perf_counter() - start)
            runs.append(report_of(session))
    total = time.perf_counter() - begin
    say({"runs": runs, "answers": answers.tolist(), "seconds": seconds, "total": total})


def report_of(session: Session) -> dict[str, Any]:
    """The last run's report as plain values."""
    report = session.last_report
    assert report is not None
    return report.to_dict()


def say(message: dict[str, Any]) -> None:
    """One line to whoever started this process."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main(role: str) -> None:
    """Be one of the two."""
    {"server": serve, "client": ask}[role]()
