"""Seed trees: both ends agree on all seeds but one per tree, and a sender that cheats is caught."""

from __future__ import annotations

import numpy as np
import pytest

from gc2pc.errors import ConsistencyCheckFailed
from gc2pc.ot import ggm
from tests.reference import ot_spec
from tests.reference.ot_runs import SESSION, bits_of, choose, delta_of, pads_of

KS = [1, 2, 3, 4, 5, 6, 7, 8]


def grow(k: int, message: bytes | None = None, seed: bytes = b""):
    """The sender's seeds, the receiver's, the message, and delta's bits."""
    pads0, pads1 = pads_of(seed)
    bits = bits_of(delta_of(seed))
    seeds, honest = ggm.sender(k, pads0, pads1, SESSION)
    chosen = choose(bits ^ np.uint8(1), pads0, pads1)
    return seeds, ggm.receiver(k, bits, chosen, message or honest, SESSION), honest, bits


@pytest.mark.parametrize("k", KS)
def test_the_receiver_lacks_one_seed_per_tree(k: int):
    seeds, punctured, message, bits = grow(k)
    assert len(message) == ggm.message_bytes(k)
    assert len({row.tobytes() for row in seeds}) == len(seeds)
    start = first = 0
    for width in ggm.widths_of(k):
        x = sum(int(bit) << i for i, bit in enumerate(bits[first : first + width]))
        y = np.arange(1, 1 << width)
        assert np.array_equal(punctured[start + y], seeds[start + (y ^ x)])
        assert not punctured[start].any()
        start, first = start + (1 << width), first + width
    assert (start, first) == (len(seeds), 128)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_seeds_and_message_are_the_specifications(k: int):
    pads = [[row.tobytes() for row in side] for side in pads_of(b"")]
    expected, message = ot_spec.trees(k, pads[0], pads[1], SESSION)
    seeds, _, sent, _ = grow(k)
    assert sent == message
    assert seeds.tobytes() == b"".join(seed for tree in expected for seed in tree)


@pytest.mark.parametrize("k", [0, 9])
def test_k_is_one_to_eight(k: int):
    with pytest.raises(ValueError, match="1 to 8"):
        ggm.widths_of(k)


@pytest.mark.parametrize("k", [1, 2, 4, 5])
def test_a_sender_that_cheats_is_caught_or_bet_on_a_bit_of_delta(k: int):
    """A changed sum matters only on the side that the receiver uses; anything else is always caught."""
    _, _, message, bits = grow(k)
    sums = 32 * sum(width - 1 for width in ggm.widths_of(k) if width == k)
    caught = 0
    for at in range(0, len(message), 16 * 7):
        bad = bytearray(message)
        bad[at] ^= 4
        level, index = divmod(at, 32 * (128 // k))
        if at < sums:
            side = (at % 32) // 16
            used = side == 1 - int(bits[index // 32 * k + (k - 2 - level)])
        elif k == 5 and at >= 32 * (128 // k) * (k - 1) + 64 * (128 // k):
            continue  # the narrow last tree's message
        else:
            used = True
        if used:
            with pytest.raises(ConsistencyCheckFailed, match="seed trees"):
                grow(k, bytes(bad))
            caught += 1
        else:
            seeds, punctured, _, _ = grow(k, bytes(bad))
            assert np.array_equal(punctured, grow(k)[1])
            assert len(seeds)
    assert caught >= 128 // k // 7


def test_the_trees_of_one_sender_do_not_fit_another_session():
    pads0, pads1 = pads_of(b"")
    bits = bits_of(delta_of(b""))
    _, message = ggm.sender(2, pads0, pads1, b"other")
    with pytest.raises(ConsistencyCheckFailed):
        ggm.receiver(2, bits, choose(bits ^ np.uint8(1), pads0, pads1), message, SESSION)
