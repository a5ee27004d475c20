"""What each line costs adds up to what the circuit costs."""

from __future__ import annotations

import json

from click.testing import CliRunner

from gc2pc.cli.commands import gc2pc as command
from gc2pc.lang import Array, Both, Program, UInt, circuit, parties, repeat

alice, bob = parties("alice", "bob")


@circuit
def priced(a: UInt[8] @ alice, xs: Array[UInt[8], 5] @ bob) -> UInt[8] @ Both:
    product = a * xs[0]  # mul
    unused = a * xs[1]  # noqa: F841  (dead)
    if product > xs[2]:  # compare and select
        product = xs[3]
    return repeat(4, lambda s, x: (s + x, None), product, xs[1:])[0]  # add


def by_comment(program: Program) -> dict[str, int]:
    return {cost.source.partition("#")[2].strip(): cost.and_gates for cost in program.line_costs()}


def test_lines_cost_what_their_gates_cost() -> None:
    costs = by_comment(priced)
    assert costs == {"mul": 42, "compare and select": 8 + 8, "add": 4 * 7}
    assert sum(costs.values()) == priced.compile().and_count


def test_the_command_line_shows_them() -> None:
    runner = CliRunner()
    arguments = ["stats", "circuits/auction.py:first_price", "n=3", "m=4", "--lines"]
    printed = runner.invoke(command, arguments, obj=_Debug()).output
    assert "return bids.argmax()" in printed.splitlines()[-1]
    shown = json.loads(runner.invoke(command, [*arguments, "--json"], obj=_Debug()).output)
    assert sum(line["and_gates"] for line in shown["lines"]) == shown["and_gates"]
    assert shown["lines"][0]["file"].endswith("auction.py")


class _Debug:
    debug = False
