"""The pool of outgoing buffers and the ring of incoming bytes."""

from __future__ import annotations

import random

import numpy as np

from gc2pc.channel.areas import ALIGNMENT, POOL_BUFFERS, VIEW_ALIGNMENT, BufferPool, Ring, aligned_view
from gc2pc.params import CHUNK


def address(view: memoryview) -> int:
    return int(np.frombuffer(view, np.uint8).ctypes.data)


def test_views_are_aligned_and_writable() -> None:
    for nbytes in (1, 63, 64, 100_000):
        view = aligned_view(nbytes)
        assert len(view) == nbytes
        assert address(view) % ALIGNMENT == 0
        assert not view.readonly


def test_the_pool_is_bounded_and_reuses() -> None:
    pool = BufferPool()
    views = [pool.take(100) for _ in range(POOL_BUFFERS)]
    assert pool.take(1) is None
    first = views[0]
    assert first is not None
    pool.give_back(pool.owner(first))
    again = pool.take(CHUNK)
    assert again is not None
    assert len(again) == CHUNK
    assert address(again) == address(first)
    assert pool.take(1) is None


def test_a_buffer_is_known_through_slices_and_arrays() -> None:
    pool = BufferPool()
    view = pool.take(1024)
    assert view is not None
    key = pool.owner(view)
    assert key
    assert pool.owner(view[10:20]) == key
    rows = np.frombuffer(view, np.uint64).reshape(-1, 2)
    assert pool.owner(rows[3:5].data) == key
    assert pool.owner(memoryview(b"something else")) == 0
    assert pool.owner(np.zeros(4).data) == 0
    pool.give_back(key)
    assert pool.owner(view) == 0
    pool.give_back(key)  # twice is once
    assert pool.take(1) is not None


def test_ring_against_a_plain_queue() -> None:
    source = random.Random(7)
    ring, model, counter = Ring(1024), bytearray(), 0
    for _ in range(20_000):
        if source.random() < 0.5:
            space = ring.space(source.randrange(1, 400))
            used = source.randint(0, len(space))
            data = bytes((counter + i) % 251 for i in range(used))
            space[:used] = data
            ring.commit(used)
            model += data
            counter += used
        elif ring.available:
            want = source.randint(1, min(ring.available, 300))
            view = ring.take(want)
            assert view == model[:want]
            assert address(view) % VIEW_ALIGNMENT == 0
            view[:] = bytes(want)
            del model[:want]
            assert ring.available == len(model)
            ring.release()
        else:
            ring.rewind()
        assert ring.available == len(model)
        assert ring.full == (len(model) == 1024)


def test_what_is_taken_stays_until_it_is_released() -> None:
    ring = Ring(64)
    ring.space(64)[:] = bytes(range(64))
    ring.commit(64)
    view = ring.take(32)
    assert ring.full
    assert len(ring.space(64)) == 0
    assert view == bytes(range(32))
    ring.release()
    assert len(ring.space(64)) == 32


def test_rewind_starts_at_the_front_only_when_empty() -> None:
    ring = Ring(256)
    ring.space(100)[:] = bytes(100)
    ring.commit(100)
    ring.rewind()
    assert len(ring.space(256)) == 156
    ring.take(100)
    ring.release()
    ring.rewind()
    assert len(ring.space(256)) == 256
