"""std.wrapping_sum and the S-boxes: plain meaning, gates, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gc2pc import Array, Bool, Both, Fixed, Int, UInt, circuit, parties, stack, std
from gc2pc.errors import CompileError
from gc2pc.gadgets.aes_sbox import inverse_sbox_table, sbox_table

alice, bob = parties("alice", "bob")


@circuit
def three_and_a_constant(
    x: Array[UInt[16], 5] @ alice, y: Array[UInt[16], 5] @ bob, z: UInt[12] @ bob
) -> Array[UInt[16], 5] @ Both:
    return std.wrapping_sum(x, y, z, 40_000, 30_000)


@circuit
def signed(x: Int[8] @ alice, y: Int[8] @ bob) -> tuple[Int[8], Fixed[4, 4]] @ Both:
    half = Fixed[4, 4](0.5)
    return std.wrapping_sum(x, y, x, -100), std.wrapping_sum(half, half, 1.25)


@circuit
def substituted(x: Array[UInt[8], 256] @ alice, flip: UInt[8] @ bob) -> Array[UInt[8], 256, 2] @ Both:
    y = x ^ flip
    return stack([std.aes_sbox(y), std.aes_inverse_sbox(y)], -1)


def test_sums_wrap_broadcast_and_join_constants() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 1 << 16, (2, 5))
    z = 4095
    expected = (x + y + z + 70_000) % (1 << 16)
    assert np.array_equal(three_and_a_constant(x, y, z), expected)
    assert np.array_equal(three_and_a_constant.simulate(x, y, z), expected)


def test_signed_and_fixed_sums_wrap() -> None:
    for x, y in ((100, 100), (-128, -128), (-1, 0), (127, -128)):
        expected = ((2 * x + y - 100 + 128) % 256 - 128, 2.25)
        assert signed(x, y) == expected
        assert signed.simulate(x, y) == expected


def test_one_term_is_itself() -> None:
    assert int(std.wrapping_sum(UInt[8](7))) == 7


def test_bytes_are_substituted() -> None:
    table = np.array([sbox_table(), inverse_sbox_table()]).T
    everything = np.arange(256)
    assert np.array_equal(substituted(everything, 0), table)
    assert np.array_equal(substituted.simulate(everything, 0x5A), table[everything ^ 0x5A])


def test_the_tables_are_those_of_the_standard() -> None:
    """FIPS 197, figures 7 and 14."""
    assert [sbox_table()[x] for x in (0x00, 0x53, 0xFF)] == [0x63, 0xED, 0x16]
    assert [inverse_sbox_table()[x] for x in (0x00, 0x63, 0xFF)] == [0x52, 0x00, 0x7D]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: std.wrapping_sum(1, 2), "at least one typed value"),
        (std.wrapping_sum, "at least one typed value"),
        (lambda: std.wrapping_sum(Bool(True), Bool(False)), r"Bool has no \+"),
        (lambda: std.wrapping_sum(UInt[8](1), Int[8](1)), "do not mix"),
        (lambda: std.wrapping_sum(UInt[8](1), 256), "does not fit"),
        (lambda: std.aes_sbox(UInt[16](1)), r"substitutes bytes, not UInt\[16\]"),
        (lambda: std.aes_inverse_sbox(7), "substitutes bytes, not int"),
    ],
)
def test_refused(call: Any, text: str) -> None:
    with pytest.raises(CompileError, match=text):
        call()
