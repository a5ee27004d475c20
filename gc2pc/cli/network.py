"""`--party`, `--listen` and `--connect` as a session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

import click

from gc2pc.cli.kernels import warm_up
from gc2pc.cli.output import note
from gc2pc.errors import InputError

if TYPE_CHECKING:
    from gc2pc.lang.program import Program
    from gc2pc.session.session import Session

OPEN_NETWORK: Final = (
    "warning: {} is not loopback, and plain TCP has no encryption and no proof of who the peer is: "
    "use it on one machine or inside a tunnel"
)


@contextmanager
def open_session(
    program: Program,
    party: str,
    *,
    listen: str | None,
    connect: str | None,
    timeout: float,
    ledger: str | None = None,
    threads: int = 1,
) -> Iterator[Session]:
    """A session that looks for its peer at the first run, after the inputs have been checked.

    Raises:
        click.UsageError: Neither or both addresses.
        InputError: `party` is none of the program's, or `ledger` is none.
        ChannelError: The address is none, or cannot be taken.
    """
    import gc2pc

    parties = {each.name: each for each in program.parties}
    if party not in parties:
        raise InputError(f"{program.name} has no party {party!r}: it has {' and '.join(parties)}")
    if (listen is None) == (connect is None):
        raise click.UsageError("Give one of --listen and --connect: one party waits, the other connects.")
    warm_up(quiet=False)
    if listen is not None:
        session = gc2pc.listen(listen, parties[party], timeout=timeout, ledger=ledger, threads=threads)
        note(f"{party} waits at {session.address}")
    else:
        session = gc2pc.connect(str(connect), parties[party], timeout=timeout, ledger=ledger, threads=threads)
    try:
        if leaves_this_machine(session.address):
            note(OPEN_NETWORK.format(session.address))
        yield session
    finally:
        session.close()


def leaves_this_machine(address: str) -> bool:
    """Whether bytes may pass a network: over TCP, to anything that is not certainly this machine.

    Raises:
        ChannelError: It is no address.
    """
    from gc2pc.channel.tcp import split_address

    scheme, _, place = address.rpartition("://")
    if scheme not in ("", "tcp"):
        return False
    host, _ = split_address(place)
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return host.lower() != "localhost"
