"""The protocol core in pure Python: slow, plain, and written from the papers, not from gc2pc.

A label is an int of 128 bits (bit 0 is the color). Nothing here imports gc2pc; a frozen circuit's tables
are read as documented in `gc2pc.ir.circuit`. Given the same secrets, the real protocol must produce the same
bytes: tables, decoding rows, colors and hash.

    aes128, mitccr, prg       FIPS 197; Guo, Katz, Wang, Weng, Yu, ePrint 2019/1168; AES-CTR
    garble_and, evaluate_and  half-gates: Zahur, Rosulek, Evans, ePrint 2014/756, figure 2
    execute                   the execution order: block > trip > strip > instruction > element
    Garbler, Evaluator        input labels, gates and outputs of one run
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import Any

ONES = (1 << 128) - 1
LOW = (1 << 64) - 1
STRIP_LANES = 256

# -- AES-128 (FIPS 197) --------------------------------------------------------------------------


def xtime(a: int) -> int:
    return ((a << 1) ^ (0x11B if a & 0x80 else 0)) & 0xFF


def gf_multiply(a: int, b: int) -> int:
    result = 0
    while b:
        result ^= a if b & 1 else 0
        a, b = xtime(a), b >> 1
    return result


def make_sbox() -> bytes:
    box = bytearray(256)
    for x in range(256):
        inverse = next((y for y in range(256) if gf_multiply(x, y) == 1), 0)
        value = 0x63
        for shift in range(5):
            value ^= ((inverse << shift) | (inverse >> (8 - shift))) & 0xFF
        box[x] = value
    return bytes(box)


SBOX = make_sbox()
TIMES = {c: bytes(gf_multiply(x, c) for x in range(256)) for c in (1, 2, 3, 9, 11, 13, 14)}
INVERSE_SBOX = bytes(SBOX.index(x) for x in range(256))
SHIFT_ROWS = [(i + 4 * (i % 4)) % 16 for i in range(16)]


@lru_cache(64)  # a tweak's key is used for two labels
def round_keys(key: bytes) -> list[bytes]:
    words = [key[i : i + 4] for i in range(0, 16, 4)]
    constant = 1
    for i in range(4, 44):
        word = words[-1]
        if i % 4 == 0:
            word = bytes(SBOX[b] for b in word[1:] + word[:1])
            word = bytes([word[0] ^ constant]) + word[1:]
            constant = xtime(constant)
        words.append(xor(words[i - 4], word))
    return [b"".join(words[i : i + 4]) for i in range(0, 44, 4)]


def xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def mix_columns(state: bytes, row: tuple[int, int, int, int] = (2, 3, 1, 1)) -> bytes:
    out = bytearray(16)
    for c, r in product(range(4), range(4)):
        for k in range(4):
            out[4 * c + r] ^= TIMES[row[k]][state[4 * c + (r + k) % 4]]
    return bytes(out)


def aes128(key: bytes, block: bytes) -> bytes:
    keys = round_keys(key)
    state = xor(block, keys[0])
    for number in range(1, 11):
        state = bytes(SBOX[state[i]] for i in SHIFT_ROWS)
        state = xor(mix_columns(state) if number < 10 else state, keys[number])
    return state


def aes128_inverse(key: bytes, block: bytes) -> bytes:
    keys = round_keys(key)
    state = block
    for number in range(10, 0, -1):
        state = xor(state, keys[number])
        state = mix_columns(state, (14, 11, 13, 9)) if number < 10 else state
        state = bytes(INVERSE_SBOX[state[SHIFT_ROWS.index(i)]] for i in range(16))
    return xor(state, keys[0])


# -- hash and PRG --------------------------------------------------------------------------------


def to_bytes(x: int) -> bytes:
    return x.to_bytes(16, "little")


def to_int(data: bytes) -> int:
    return int.from_bytes(data, "little")


def sigma(x: int) -> int:
    """sigma(L || R) = (L xor R) || L, L the high half: a linear orthomorphism."""
    high, low = x >> 64, x & LOW
    return ((high ^ low) << 64) | high


def mitccr(x: int, tweak: int, start: int) -> int:
    """H(x, i) = AES_k(sigma(x)) xor sigma(x), k = S xor LE128(i)."""
    s = sigma(x)
    return to_int(aes128(to_bytes(start ^ tweak), to_bytes(s))) ^ s


def prg(seed: bytes, n: int) -> list[int]:
    return [to_int(aes128(seed, to_bytes(i))) for i in range(n)]


# -- half gates ----------------------------------------------------------------------------------


def garble_and(a0: int, b0: int, delta: int, start: int, tweak: int) -> tuple[int, int, int]:
    """(W0 of the output, T_G, T_E)."""
    h_a0, h_a1 = mitccr(a0, tweak, start), mitccr(a0 ^ delta, tweak, start)
    h_b0, h_b1 = mitccr(b0, tweak + 1, start), mitccr(b0 ^ delta, tweak + 1, start)
    p_a, p_b = a0 & 1, b0 & 1
    t_g = h_a0 ^ h_a1 ^ p_b * delta
    t_e = h_b0 ^ h_b1 ^ a0
    w_g0 = h_a0 ^ p_a * t_g
    w_e0 = h_b0 ^ p_b * (t_e ^ a0)
    return w_g0 ^ w_e0, t_g, t_e


def evaluate_and(a: int, b: int, start: int, tweak: int, t_g: int, t_e: int) -> int:
    w_g = mitccr(a, tweak, start) ^ (a & 1) * t_g
    w_e = mitccr(b, tweak + 1, start) ^ (b & 1) * (t_e ^ a)
    return w_g ^ w_e


# -- the execution order -------------------------------------------------------------------------

And = Callable[[int, int], int]


@dataclass
class Run:
    """One party's walk over a circuit: `arena` maps (lane * batch + instance) to a label.

    `delta` is what a complement adds: the garbler's delta, 0 for the evaluator, 1 in the clear.
    """

    circuit: Any
    batch: int
    delta: int
    gate: And
    arena: dict[int, int] = field(default_factory=dict)
    slots: dict[tuple[int, int], int] = field(default_factory=dict)

    def execute(self) -> None:
        self._blocks(0, len(self.circuit.blocks), 0)

    def _blocks(self, at: int, end: int, trip: int) -> None:
        while at < end:
            kind, x, y, z = (int(v) for v in self.circuit.blocks[at])
            if kind == 0:
                self._strips(x, y, z)
            elif kind == 1:
                for k in range(x, x + y):
                    self._copy([int(v) for v in self.circuit.copies[k]], trip)
            elif kind == 2:
                for inner in range(x):
                    self._blocks(at + 1, y, inner)
                at = y
            at += 1

    def _strips(self, lanes: int, first_run: int, runs: int) -> None:
        elements = lanes * self.batch
        for first in range(0, elements, STRIP_LANES):
            for _, start, count in self.circuit.runs[first_run : first_run + runs]:
                for k in range(start, start + count):
                    for element in range(first, min(first + STRIP_LANES, elements)):
                        self._instruction([int(v) for v in self.circuit.instructions[k]], element)

    def _read(self, number: int, stride: int, is_global: int, element: int) -> int:
        if is_global:
            lane, instance = divmod(element, self.batch)
            return self.arena[(number + lane * stride) * self.batch + instance]
        return self.slots[number, element % STRIP_LANES]

    def _instruction(self, row: list[int], element: int) -> None:
        flags, to, a, stride_a, b, stride_b = row
        kind, lane = flags & 7, element // self.batch
        left = 0
        if kind != 4:
            left = self._read(a, stride_a, flags & 64, element) ^ (self.delta if flags & 8 else 0)
        if kind < 2:
            right = self._read(b, stride_b, flags & 128, element) ^ (self.delta if flags & 16 else 0)
            value = self.gate(left, right) if kind == 1 else left ^ right
        else:
            bit = int(self.circuit.constants[b + lane])
            value = left * bit if kind == 3 else left ^ bit * self.delta
        if flags & 32:
            self.arena[to * self.batch + element] = value
        else:
            self.slots[to, element % STRIP_LANES] = value

    def _copy(self, row: list[int], trip: int) -> None:
        to, source, complement, view, to_step, source_step = row
        to += trip * to_step
        flip = self.delta if complement else 0
        moved = []
        for lane in self._lanes([int(v) for v in self.circuit.views[view]]):
            for instance in range(self.batch):
                at = (source + trip * source_step + lane) * self.batch + instance
                moved.append(flip if source < 0 else self.arena[at] ^ flip)
        for i, value in enumerate(moved):
            self.arena[to * self.batch + i] = value

    def _lanes(self, view: list[int]) -> Iterator[int]:
        dimensions, offset, sizes, strides = view[0], view[1], view[2:6], view[6:10]
        for index in product(*(range(size) for size in sizes)):
            if dimensions == 0:
                yield int(self.circuit.indices[offset + index[3]])
            else:
                yield offset + sum(i * stride for i, stride in zip(index, strides, strict=True))

    def put(self, port: Any, labels: list[int]) -> None:
        """Labels of an input port, one per (wire, lane, instance) or one per (wire, lane)."""
        repeat = port.wires * port.lanes * self.batch // max(len(labels), 1)
        for i in range(len(labels) * repeat):
            self.arena[port.address * self.batch + i] = labels[i // repeat]

    def get(self, port: Any) -> list[int]:
        """Labels of an output port; the complement adds delta."""
        return [
            (0 if address < 0 else self.arena[(address + lane * stride) * self.batch + instance])
            ^ (self.delta if complement else 0)
            for address, stride, complement in port.refs
            for lane in range(port.lanes)
            for instance in range(self.batch)
        ]


# -- one run of the protocol ---------------------------------------------------------------------

FIRST, SECOND, SHARED, BOTH = range(4)


def pack(bits: list[int]) -> bytes:
    value = sum(bit << i for i, bit in enumerate(bits))
    return value.to_bytes(-(-len(bits) // 8), "little")


def ot_ports(circuit: Any) -> list[Any]:
    return [p for p in circuit.inputs if p.group != circuit.garbler]


def recipients(circuit: Any, party: int) -> list[Any]:
    return [p for p in circuit.outputs if p.group in (party, BOTH)]


def output_hash(labels: list[int], context_id: bytes, run: int) -> bytes:
    domain = b"output hash"
    prefix = bytes([len(context_id), len(domain)]) + context_id + domain
    digest = hashlib.sha256(b"".join(map(to_bytes, labels))).digest()
    body = run.to_bytes(8, "little") + len(labels).to_bytes(8, "little") + digest
    return hashlib.sha512(prefix.ljust(128, b"\0") + body).digest()[:32]


def color_rows(w0: list[int], delta: int, start: int, tweak: int) -> bytes:
    """Per output bit H(W0, T + 2i) and H(W1, T + 2i + 1), in color order."""
    rows = []
    for i, label in enumerate(w0):
        pair = [mitccr(label, tweak + 2 * i, start), mitccr(label ^ delta, tweak + 2 * i + 1, start)]
        rows += pair[::-1] if label & 1 else pair
    return b"".join(map(to_bytes, rows))


@dataclass
class Secrets:
    """What the garbler draws and what the COT leaves it with."""

    delta: int
    start: int
    seed: bytes
    q: list[int]
    joint: list[int]


def garbler_flight(
    circuit: Any, batch: int, tweak: int, secrets: Secrets, choices: list[int], own: dict[str, list[int]]
) -> tuple[bytes, Run]:
    """Tables, then decoding rows, as bytes; and the finished run.

    `choices`: the evaluator's masked choice bits d; `own`: the garbler's bits and shares by port.
    """
    tables: list[int] = []

    def gate(a0: int, b0: int) -> int:
        w0, t_g, t_e = garble_and(a0, b0, secrets.delta, secrets.start, tweak + len(tables))
        tables.extend((t_g, t_e))
        return w0

    run = Run(circuit, batch, secrets.delta, gate)
    drawn = [p for p in circuit.inputs if p.group == circuit.garbler]
    active = iter(prg(secrets.seed, sum(len(own[p.name]) for p in drawn)))
    for port in drawn:
        run.put(port, [next(active) ^ x * secrets.delta for x in own[port.name]])
    q, d, joint = iter(secrets.q), iter(choices), iter(secrets.joint)
    for port in ot_ports(circuit):
        bits = port.wires * port.lanes * batch
        shares = own.get(port.name, [0] * bits)
        flips = [next(joint) for _ in range(bits)] if port.random else [next(d) ^ a for a in shares]
        run.put(port, [next(q) ^ flip * secrets.delta for flip in flips])
    run.execute()
    w0 = [label for port in recipients(circuit, 1 - circuit.garbler) for label in run.get(port)]
    rows = color_rows(w0, secrets.delta, secrets.start, tweak + len(tables))
    return b"".join(map(to_bytes, tables)) + rows, run


def evaluator_answer(
    circuit: Any, batch: int, tweak: int, start: int, seed: bytes, t: list[int], drawn: dict[str, int],
    flight: bytes, context_id: bytes, number: int,
) -> tuple[list[int], bytes]:  # fmt: skip
    """The evaluator's decoded bits, and what it returns to the garbler.

    `t`: its active labels of the OT ports; `drawn`: labels per port of the garbler's.
    """
    blocks = iter([to_int(flight[i : i + 16]) for i in range(0, len(flight), 16)])
    counter = iter(range(tweak, tweak + len(flight), 2))

    def gate(a: int, b: int) -> int:
        return evaluate_and(a, b, start, next(counter), next(blocks), next(blocks))

    run = Run(circuit, batch, 0, gate)
    active = iter(prg(seed, sum(drawn.values())))
    for port in circuit.inputs:
        if port.name in drawn:
            run.put(port, [next(active) for _ in range(drawn[port.name])])
    labels = iter(t)
    for port in ot_ports(circuit):
        run.put(port, [next(labels) for _ in range(port.wires * port.lanes * batch)])
    run.execute()
    decoded = []
    for port in recipients(circuit, 1 - circuit.garbler):
        for label in run.get(port):
            pair, first = (next(blocks), next(blocks)), next(counter)
            values = [v for v in (0, 1) if mitccr(label, first + v, start) == pair[label & 1]]
            assert len(values) == 1, "no row matches"
            decoded += values
    returned = [label for port in recipients(circuit, circuit.garbler) for label in run.get(port)]
    if not returned:
        return decoded, b""
    return decoded, pack([x & 1 for x in returned]) + output_hash(returned, context_id, number)
