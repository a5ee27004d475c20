"""What goes to stdout, for people and for programs."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from gc2pc.cli import output


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "True"),
        (5, "5"),
        (0.25, "0.25"),
        (Fraction(1, 3), "1/3"),
        (np.array([1, 2, 3]), "[1, 2, 3]"),
        (np.array([[True], [False]]), "[[true], [false]]"),
        ((2, np.array([1, 2])), "2, [1, 2]"),
    ],
)
def test_results_are_one_line(capsys: pytest.CaptureFixture[str], value: Any, text: str):
    output.print_result(value, as_json=False)
    assert capsys.readouterr().out == f"{text}\n"


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ((np.int64(3), np.array([0.5])), [3, [0.5]]),
        (Fraction(1, 3), "1/3"),
        (None, None),
        (np.array([2**70], dtype=object), [2**70]),
    ],
)
def test_json_holds_plain_values(capsys: pytest.CaptureFixture[str], value: Any, plain: Any):
    output.print_result(value, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"result": plain}
