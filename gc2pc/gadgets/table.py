"""All gadgets with their meaning: the contract tests and the catalogue run over this table.

A new gadget is one new file and one entry in the table of its family.
"""

from __future__ import annotations

from typing import Final

from gc2pc.gadgets.gadget import Gadget, to_signed
from gc2pc.gadgets.table_crypto import CRYPTO
from gc2pc.gadgets.table_floats import FLOATS
from gc2pc.gadgets.table_integers import INTEGERS
from gc2pc.gadgets.table_numbers import NUMBERS

__all__ = ["GADGETS", "Gadget", "to_signed"]

GADGETS: Final[dict[str, Gadget]] = {**INTEGERS, **NUMBERS, **FLOATS, **CRYPTO}
