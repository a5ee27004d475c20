"""What the command line says about an address."""

from __future__ import annotations

import pytest

from gc2pc.cli.network import leaves_this_machine
from gc2pc.errors import ChannelError


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:7000", "127.8.9.1:1", "localhost:7000", "[::1]:7000", "tcp://127.0.0.1:7000", "memory://x"],
)
def test_this_machine(address: str):
    assert not leaves_this_machine(address)


@pytest.mark.parametrize(
    "address", ["0.0.0.0:7000", "[::]:7000", "10.0.0.2:7000", "example.org:7000", "tcp://example.org:7000"]
)
def test_what_may_be_the_network(address: str):
    assert leaves_this_machine(address)


def test_no_address():
    with pytest.raises(ChannelError, match="bad address"):
        leaves_this_machine("127.0.0.1")
