"""What a report says."""

import json

import pytest

from gc2pc.session.report import RunReport, format_bytes, format_seconds

REPORT = RunReport(
    program="richer",
    digest="0123456789abcdef" * 4,
    party="alice",
    peer="bob",
    role="garbler",
    batch=10,
    and_gates=320,
    table_bytes=10_240,
    ots=320,
    ots_pooled=0,
    ot_path="extension",
    bytes_sent=12_345,
    bytes_received=6_789,
    framing_sent=24,
    framing_received=16,
    rounds=3,
    seconds=0.0021,
    waiting_seconds=0.0004,
    phases={"transfer": 0.0011, "tables": 0.001},
)


def test_the_text_is_a_table() -> None:
    assert str(REPORT).splitlines() == [
        "program   richer x 10 (0123456789ab)",
        "role      alice is the garbler, bob the other",
        "circuit   320 ANDs, 10.2 KB of tables",
        "OTs       320 (extension)",
        "sent      12.3 KB",
        "received  6.79 KB",
        "rounds    3",
        "time      2.1 ms (400 us waiting)",
        "phases    transfer 1.1 ms, tables 1 ms",
    ]


def test_the_dict_is_json() -> None:
    plain = json.loads(json.dumps(REPORT.to_dict()))
    assert RunReport(**plain) == REPORT


def test_the_rate() -> None:
    assert REPORT.and_rate == pytest.approx(320 / 0.0021)


@pytest.mark.parametrize(
    ("nbytes", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1 KB"),
        (999_499, "999 KB"),
        (999_600, "1 MB"),
        (1_250_000_000, "1.25 GB"),
        (5 * 10**15, "5e+03 TB"),
    ],
)
def test_bytes(nbytes: int, text: str) -> None:
    assert format_bytes(nbytes) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0 us"), (35.4e-6, "35 us"), (0.00123, "1.23 ms"), (3.4, "3.4 s")]
)
def test_seconds(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text
