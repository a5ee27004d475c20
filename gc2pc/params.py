"""Protocol constants: name, unit, source, why. Both sides compare them in the hello.

Changing any of these changes the wire format or the security level, so `PROTOCOL_VERSION`
changes with them.
"""

from __future__ import annotations

from typing import Final

PROTOCOL_VERSION: Final = 1
"""Version of the wire format. Two sides with different versions do not talk."""

KAPPA: Final = 128
"""Computational security, bits: the length of a label (Zahur, Rosulek, Evans, ePrint 2014/756)."""

SIGMA: Final = 40
"""Statistical security, bits: failure probability 2^-SIGMA of statistical checks."""

LABEL_BYTES: Final = KAPPA // 8
"""Bytes of one wire label."""

TABLE_BYTES: Final = 2 * LABEL_BYTES
"""Bytes of one garbled AND: T_G, then T_E (half-gates, ePrint 2014/756, figure 2)."""

STRIP_LANES: Final = 256
"""Elements per strip of an element-wise block. Part of the execution order, hence of the wire
format: 256 labels of 16 bytes are 4 KiB, so a few hundred live slots stay in a 1 MiB L2 cache."""

DIRECT_OT_LIMIT: Final = 128
"""A first run that needs fewer OTs than this takes them from base OTs directly: below about this
many, setting up the extension costs more than it saves."""

SOFTSPOKEN_K: Final = 4
"""Field exponent of the SoftSpoken OT extension: 128/k bits per OT, 2^k - 1 seeds expanded per k base
OTs (Roy, ePrint 2022/192, section 5)."""

CHUNK: Final = 1024 * 1024
"""Largest buffer, in bytes, that a protocol asks for at once: an L2 cache, and enough ANDs that the calls
around a kernel cost little beside it. Not part of the wire format."""
