# ruff: noqa: ARG005  (every meaning takes the width)
"""The table of gadgets that ciphers and hash functions are made of."""

from __future__ import annotations

from typing import Final

from gc2pc.gadgets.add_many import add_many
from gc2pc.gadgets.aes_sbox import aes_inverse_sbox, aes_sbox, inverse_sbox_table, sbox_table
from gc2pc.gadgets.gadget import Gadget

_NIST: Final = "NIST circuit complexity project"
"""csrc.nist.gov/projects/circuit-complexity, list of circuits."""

CRYPTO: Final[dict[str, Gadget]] = {
    "add_three": Gadget(3, add_many, lambda n, *x: sum(x), "2n - 3"),
    "add_four": Gadget(4, add_many, lambda n, *x: sum(x), "3n - 4", widths=(16, 32, 64)),
    "aes_sbox": Gadget(
        1,
        lambda g, v: aes_sbox(g, v[0]),
        lambda n, x: sbox_table()[x],
        "32",
        {8: (32, _NIST)},
        widths=(8,),
    ),
    "aes_inverse_sbox": Gadget(
        1,
        lambda g, v: aes_inverse_sbox(g, v[0]),
        lambda n, x: inverse_sbox_table()[x],
        "32",
        {8: (34, _NIST)},
        widths=(8,),
    ),
}
