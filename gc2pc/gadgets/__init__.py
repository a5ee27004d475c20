"""Building blocks from bits to bits, one idea per file, over lanes.

Each takes a graph and lists of literals and returns lists of literals. AND counts stand in the
docstrings and are held by golden tests; complement and XOR are free.
"""

from __future__ import annotations

from gc2pc.gadgets.table import GADGETS, Gadget

__all__ = ["GADGETS", "Gadget"]
