"""The commands: each parses its arguments, calls one function of the package, and prints the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from gc2pc._version import __version__
from gc2pc.cli import output, values
from gc2pc.cli.kernels import warm_up
from gc2pc.errors import InputError

Command = TypeVar("Command", bound=Callable[..., Any])

TARGET_HELP = "FILE.py:NAME names a circuit in a Python file; NAME may be left out if there is only one."
VALUES_HELP = (
    "Values: name=value, or name=@file.json, name=@file.npy, name=@file.csv, or name=@- for one value from "
    "standard input. Arrays on the command line: name=3,1,4 or JSON."
)


def _debug(context: click.Context, _: click.Parameter, value: bool) -> None:
    context.obj.debug = value


def common(command: Command) -> Command:
    """Add the options that all commands have."""
    return click.option(
        "--debug", is_flag=True, expose_value=False, callback=_debug, help="Show the traceback of an error."
    )(command)


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="gc2pc", message="%(prog)s %(version)s")
def gc2pc() -> None:
    """Two parties compute a function of their private inputs and learn only its result.

    \b
    See it work, on real medical records, as two processes on this machine:
      gc2pc demo

    \b
    Who is richer? In two terminals (or on two machines):
      gc2pc run circuits/millionaires.py:richer --party alice --listen 127.0.0.1:7000 a=800000
      gc2pc run circuits/millionaires.py:richer --party bob --connect 127.0.0.1:7000 b=750000

    \b
    The same circuit on clear values, and what it costs:
      gc2pc simulate circuits/millionaires.py:richer a=800000 b=750000
      gc2pc stats circuits/millionaires.py:richer

    Exit codes: 0 success, 2 a mistake in the command, the program or its inputs, 3 the peer or the network.
    """


@gc2pc.command(epilog=f"{TARGET_HELP} {VALUES_HELP}")
@click.argument("target")
@click.argument("inputs", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--party", required=True, metavar="NAME", help="Which of the program's two parties you are.")
@click.option("--listen", metavar="HOST:PORT", help="Wait for the peer here.")
@click.option("--connect", metavar="HOST:PORT", help="Connect to the peer there, retrying until --timeout.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Give up when the peer is silent for this long.",
)
@click.option("--batch", is_flag=True, help="Many input sets at once: inputs carry them on a leading axis.")
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Cores that garble or evaluate. The peer may use another number.",
)
@click.option("--ledger", metavar="FILE", help="Charge the run to this privacy budget (see gc2pc budget).")
@json_option
@common
def run(
    target: str,
    inputs: tuple[str, ...],
    party: str,
    listen: str | None,
    connect: str | None,
    timeout: float,
    batch: bool,
    threads: int,
    ledger: str | None,
    as_json: bool,
) -> None:
    """Run one party of a program against its peer.

    \b
    Alice waits, Bob connects; both name the same circuit and bring only their own input:
      gc2pc run circuits/millionaires.py:richer --party alice --listen 127.0.0.1:7000 a=800000
      gc2pc run circuits/millionaires.py:richer --party bob --connect 127.0.0.1:7000 b=750000

    \b
    Inputs from files:
      gc2pc run circuits/auction.py:first_price --party north --listen 127.0.0.1:7000 a=@bids.csv m=3

    \b
    A secret on the command line is in the shell's history, and every user of this machine sees it in the
    process list. Typed, or piped into standard input, it is in neither; one input may come that way:
      gc2pc run circuits/millionaires.py:richer --party alice --listen 127.0.0.1:7000 a=@-

    The result goes to stdout; what the run cost goes to stderr. Plain TCP is for this machine and for
    tunnels: it hides nothing from the network, does not prove who the peer is, and lets an attacker on the
    way change inputs unnoticed.
    """
    from gc2pc.cli.network import open_session

    program, given = load(target, inputs)
    with open_session(
        program, party, listen=listen, connect=connect, timeout=timeout, ledger=ledger, threads=threads
    ) as session:
        result = session.run_batch(program, **given) if batch else session.run(program, **given)
        report = session.last_report
    assert report is not None
    output.print_run(program, party, result, report, as_json=as_json)


@gc2pc.command(epilog=f"{TARGET_HELP} {VALUES_HELP}")
@click.argument("target")
@click.argument("inputs", nargs=-1, metavar="[NAME=VALUE]...")
@json_option
@common
def simulate(target: str, inputs: tuple[str, ...], as_json: bool) -> None:
    """Evaluate a circuit on clear values.

    All inputs are given here; there is no peer and no privacy.

    \b
      gc2pc simulate circuits/millionaires.py:richer a=800000 b=750000
    """
    program, given = load(target, inputs)
    output.print_result(program.simulate(**given), as_json=as_json)


@gc2pc.command(epilog=TARGET_HELP)
@click.argument("target")
@click.argument("statics", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--lines", is_flag=True, help="Also show which lines of the source cost how many ANDs.")
@json_option
@common
def stats(target: str, statics: tuple[str, ...], lines: bool, as_json: bool) -> None:
    """Show what a circuit costs.

    Gates, depth, bytes of garbled table, oblivious transfers, all for one instance; and what it lets out
    about one record, if it has mechanisms of differential privacy (`gc2pc dp` says more).

    \b
      gc2pc stats circuits/millionaires.py:richer
      gc2pc stats --lines circuits/auction.py:first_price n=100 m=100
    """
    from gc2pc.cli.privacy import summary

    program, given = load(target, statics)
    costs = program.line_costs(**given) if lines else None
    output.print_stats(program.stats(**given), costs, summary(program, given), as_json=as_json)


@gc2pc.command()
@json_option
@common
def demo(as_json: bool) -> None:
    """Classify medical records without showing them.

    A client with 569 real records and a server with a model, as two processes over TCP. The server never
    sees a record, the client never sees the model.
    """
    from gc2pc.demo.story import tell

    warm_up(quiet=as_json)
    with output.status("a client and a server start, connect and compute", quiet=as_json):
        story = tell()
    output.print_demo(story, as_json=as_json)


@gc2pc.command()
@common
def warmup() -> None:
    """Compile all kernels now.

    The first run then starts at once. The compiled code is kept on disk: this is needed once per machine,
    and again after an upgrade.
    """
    warm_up(quiet=False)


@gc2pc.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--list", "only_list", is_flag=True, help="List the names and what they measure, and stop.")
@click.option("--all", "with_slow", is_flag=True, help="The slow rows too (a billion ANDs: a minute or two).")
@click.option("--repeat", type=click.IntRange(min=1), default=None, help="Measurements per row.")
@click.option(
    "--save/--no-save",
    default=None,
    help="Keep the results as benchmarks/results/<date>-<processor>.json below this folder; a second run of "
    "the day replaces the first. Without either, a run of no named rows does, where that folder exists.",
)
@json_option
@common
def bench(
    names: tuple[str, ...],
    only_list: bool,
    with_slow: bool,
    repeat: int | None,
    save: bool | None,
    as_json: bool,
) -> None:
    """Measure throughput, latency, oblivious transfer and memory.

    Two processes, each pinned to a core of this machine, over loopback TCP. Every row gets fresh processes,
    and every throughput row the raw speed of the loopback at that moment, since figures of a shared machine
    move. Anything else that runs disturbs them: the load average at the start is part of the report.

    \b
    Everything but the slow rows (two minutes), everything, or some rows by name:
      gc2pc bench
      gc2pc bench --all
      gc2pc bench multiply compare --json

    \b
    What there is:
      gc2pc bench --list

    benchmarks/README.md in the source tree explains how to read the figures.
    """
    from gc2pc.bench import machine, results, rows, suite

    if only_list:
        output.print_names(rows.ROWS)
        return
    unknown = [name for name in names if name not in rows.ROWS]
    if unknown:
        raise InputError(f"no benchmark {unknown[0]!r}: there are {', '.join(rows.ROWS)}")
    if names and with_slow:
        raise InputError("--all takes no names: it measures every row")
    busy = machine.busy()
    if busy:
        output.note(f"warning: {busy}")
    warm_up(quiet=as_json)
    with output.status("starting", quiet=as_json) as progress:
        report = suite.measure(names or rows.default_names(slow=with_slow), repeat, progress)
    output.print_bench(report, as_json=as_json)
    if save or (save is None and not names and results.FOLDER.is_dir()):
        output.note(f"kept in {results.save(report)}")


def load(target: str, texts: tuple[str, ...]) -> tuple[Any, dict[str, Any]]:
    """The program that `target` names, and the values given for it."""
    from gc2pc.lang.loader import load_program

    program = load_program(target)
    return program, values.read_values(program, texts)
