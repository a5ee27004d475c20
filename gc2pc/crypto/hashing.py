"""miTCCR, the hash of labels, under one random start.

Source: Guo, Katz, Wang, Weng, Yu, ePrint 2019/1168: H(x, i) = AES_k(sigma(x)) xor sigma(x) with
k = S xor LE128(i) and sigma(L||R) = (L xor R)||L, L the high half. Secure in the ideal-cipher model while no
(delta, tweak) is hashed for two purposes: whoever calls keeps the tweaks apart.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gc2pc.kernels.hashing import hash_labels


def mitccr(labels: NDArray[np.uint64], start: NDArray[np.uint64], first_tweak: int) -> NDArray[np.uint64]:
    """H(labels[i], first_tweak + i) for all i.

    Args:
        labels: uint64[n, 2], low halves first.
        start: S, uint64[2].
        first_tweak: Tweak of the first label; first_tweak + n <= 2^64.
    """
    if not 0 <= first_tweak <= (1 << 64) - len(labels):
        raise ValueError("tweaks have 64 bits and do not wrap")
    out = np.empty_like(labels)
    hash_labels(labels, start, np.uint64(first_tweak), out)
    return out
