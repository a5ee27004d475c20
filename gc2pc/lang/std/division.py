"""Division that rounds towards zero."""

from __future__ import annotations

from typing import Any

from gc2pc.lang.integers import truncated_divide
from gc2pc.lang.std.operands import integers
from gc2pc.lang.value import Value


def divmod_truncated(x: Any, y: Any) -> tuple[Value, Value]:
    """The quotient rounded towards zero and a remainder with the sign of x, as C's ``/`` and ``%``.

    By zero the quotient is all ones (-1) and the remainder x. What is not used is not computed.

    >>> quotient, remainder = std.divmod_truncated(x, y)
    """
    x, y = integers("divmod_truncated", x, y)
    return truncated_divide(x, y)
