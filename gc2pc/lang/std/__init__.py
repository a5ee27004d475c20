"""The standard library: functions on values that are not NumPy-style methods. ``from gc2pc import std``."""

from __future__ import annotations

from gc2pc.lang.std.activation import relu, sigmoid, tanh
from gc2pc.lang.std.aes import aes_inverse_sbox, aes_sbox
from gc2pc.lang.std.bit_counts import bit_length, leading_zeros, popcount, trailing_zeros
from gc2pc.lang.std.bounds import clip, maximum, minimum, sign
from gc2pc.lang.std.division import divmod_truncated
from gc2pc.lang.std.divisors import gcd
from gc2pc.lang.std.exponentials import exp, exp2
from gc2pc.lang.std.histogram import histogram
from gc2pc.lang.std.inverses import reciprocal, rsqrt
from gc2pc.lang.std.logarithms import log, log2
from gc2pc.lang.std.modular import mod_add, mod_mul, mod_pow, mod_sub
from gc2pc.lang.std.roots import isqrt
from gc2pc.lang.std.rotation import rotate_left, rotate_right
from gc2pc.lang.std.sets import compact, intersection, intersection_count, merge, unique
from gc2pc.lang.std.shuffle import shuffle
from gc2pc.lang.std.softmax import softmax
from gc2pc.lang.std.sorting import kth_largest, kth_smallest, median, sort_by, top_k
from gc2pc.lang.std.square_root import sqrt
from gc2pc.lang.std.strings import equal_strings
from gc2pc.lang.std.wrapping_sum import wrapping_sum

__all__ = [
    "aes_inverse_sbox",
    "aes_sbox",
    "bit_length",
    "clip",
    "compact",
    "divmod_truncated",
    "equal_strings",
    "exp",
    "exp2",
    "gcd",
    "histogram",
    "intersection",
    "intersection_count",
    "isqrt",
    "kth_largest",
    "kth_smallest",
    "leading_zeros",
    "log",
    "log2",
    "maximum",
    "median",
    "merge",
    "minimum",
    "mod_add",
    "mod_mul",
    "mod_pow",
    "mod_sub",
    "popcount",
    "reciprocal",
    "relu",
    "rotate_left",
    "rotate_right",
    "rsqrt",
    "shuffle",
    "sigmoid",
    "sign",
    "softmax",
    "sort_by",
    "sqrt",
    "tanh",
    "top_k",
    "trailing_zeros",
    "unique",
    "wrapping_sum",
]
