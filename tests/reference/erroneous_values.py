# ruff: noqa: B018, E711, FURB136, RUF005, RUF100, F841, PLC0208, PLR2004  (these programs are wrong on purpose)
"""Operations that no value of the language has."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gc2pc import std
from gc2pc.lang import Array, UInt, concatenate, stack, where
from tests.reference.erroneous import Color, erroneous

# -- out of the circuit ------------------------------------------------------------------------------


@erroneous("cannot become an int inside a circuit", "recipients see it", "int(b)")
def to_int(a: Any, b: Any) -> Any:
    return a + int(b)  # here


@erroneous("cannot become a float inside a circuit", "recipients see it", "float(f)")
def to_float(f: Any) -> Any:
    return float(f)  # here


@erroneous("cannot become a float inside a circuit", "sqrt() of gc2pc.std", "math.sqrt(f)")
def root(f: Any) -> Any:
    return math.sqrt(f)  # here


@erroneous("cannot become an int inside a circuit", "recipients see it", "round(f)")
def rounded(f: Any) -> Any:
    return round(f)  # here


@erroneous("cannot become an int for hex()", "n: int", "hex(a)")
def digits(a: Any) -> Any:
    return hex(a)  # here


@erroneous("cannot become text", "format the result", 'f"a is {a}"')
def in_a_string(a: Any) -> Any:
    return f"a is {a}"  # here


@erroneous("cannot be a key of a dict", "stack(values)[i]", "{a: 1}")
def key_of_a_dict(a: Any) -> Any:
    return {a: 1}  # here


@erroneous("cannot be a key of a dict", "stack(values)[i]", "{1: 2}[a]")
def look_up_in_a_dict(a: Any) -> Any:
    return {1: 2}[a]  # here


@erroneous("an element of a set", "a list that a loop searches", "{a, b}")
def element_of_a_set(a: Any, b: Any) -> Any:
    return len({a, b})  # here


# -- indices -----------------------------------------------------------------------------------------


@erroneous("a secret value cannot index a list", "stack([...])[i]", "[1, 2, 3][a]")
def index_of_a_list(a: Any) -> Any:
    return [1, 2, 3][a]  # here


@erroneous("a secret value cannot index a list", "stack([...])[i]", "t[a]")
def writing_to_a_list(a: Any, b: Any) -> Any:
    t = [a, b]
    t[a] = b  # here
    return t[0]


@erroneous("the bound of a slice", "where(...)", "xs[:a]")
def bound_of_a_slice(a: Any, xs: Any) -> Any:
    return xs[:a].sum()  # here


@erroneous("the bound of a slice", "where(...)", "[1, 2, 3][:a]")
def bound_of_a_slice_of_a_list(a: Any) -> Any:
    return [1, 2, 3][:a]  # here


@erroneous("a secret index is a UInt, not Int[8]", "i.to(UInt[2])", "xs[s]")
def signed_index(xs: Any, s: Any) -> Any:
    return xs[s]  # here


@erroneous("index 4 is out of bounds", None, "xs[4]")
def out_of_bounds(xs: Any) -> Any:
    return xs[4]  # here


@erroneous("a single UInt[8] has no elements", "x.bits()[i]", "a[0]")
def index_of_a_scalar(a: Any) -> Any:
    return a[0]  # here


@erroneous("cannot be set to Int[8]", ".to(UInt[8])", "xs[0]")
def assignment(xs: Any, s: Any) -> Any:
    xs[0] = s  # here
    return xs[0]


@erroneous("a secret value cannot index an array of NumPy", "UInt[8](table)[i]", "np.arange(4)[a]")
def index_of_a_numpy_array(a: Any) -> Any:
    return np.arange(4)[a]  # here


@erroneous("cannot become an int for reshape()", "n: int", "xs.reshape(a, 2)")
def secret_shape(a: Any, xs: Any) -> Any:
    return xs.reshape(a, 2)  # here


@erroneous("elements of an array cannot be deleted", "concatenate", "xs[0]")
def deletion(a: Any, xs: Any) -> Any:
    del xs[0]  # here
    return a


# -- NumPy -------------------------------------------------------------------------------------------


@erroneous("NumPy's array() cannot look at secret values", "stack([x, y])", "np.array([a, b])")
def numpy_array(a: Any, b: Any) -> Any:
    return np.array([a, b])  # here


@erroneous("NumPy's sum() cannot look at secret values", "x.sum(...)", "np.sum(xs)")
def numpy_sum(xs: Any) -> Any:
    return np.sum(xs)  # here


@erroneous("NumPy's maximum() cannot look at secret values", "x.maximum(...)", "np.maximum(a, b)")
def numpy_maximum(a: Any, b: Any) -> Any:
    return np.maximum(a, b)  # here


@erroneous(
    "NumPy's where() cannot look at secret values", "where(condition, x, y) of gc2pc", "np.where(a > b, a, b)"
)
def numpy_where(a: Any, b: Any) -> Any:
    return np.where(a > b, a, b)  # here


@erroneous("NumPy's absolute() cannot look at secret values", "abs(x)", "np.abs(s)")
def numpy_absolute(s: Any) -> Any:
    return np.abs(s)  # here


@erroneous("NumPy's exp() cannot look at secret values", "exp() of gc2pc.std", "np.exp(f)")
def numpy_exp(f: Any) -> Any:
    return np.exp(f)  # here


@erroneous("cannot become an int for zeros()", "n: int", "np.zeros(a)")
def numpy_size(a: Any) -> Any:
    return np.zeros(a)  # here


# -- types -------------------------------------------------------------------------------------------


@erroneous("UInt[8] and Int[8] do not mix", ".to(Int[9])", "a + s")
def mixed_signs(a: Any, s: Any) -> Any:
    return a + s  # here


@erroneous("UInt[8] and Fixed[4, 4] do not mix", ".to(Fixed[9, 4])", "a * f")
def mixed_kinds(a: Any, f: Any) -> Any:
    return a * f  # here


@erroneous("UInt[8] and Int[8] do not mix", ".to(Int[9])", "max(a, s)")
def largest_of_mixed(a: Any, s: Any) -> Any:
    return max(a, s)  # here


@erroneous(
    "constant 300 does not fit: expected UInt[8], an integer from 0 to 255", ".to(UInt[16])", "a + 300"
)
def constant_too_large(a: Any) -> Any:
    return a + 300  # here


@erroneous("constant -1 does not fit: expected UInt[8]", ".to(Int[9])", "a + -1")
def constant_too_small(a: Any) -> Any:
    return a + -1  # here


@erroneous("a list cannot be repeated a secret number of times", "a list of the largest size", "[0] * a")
def repeated_list(a: Any) -> Any:
    return stack([0] * a)  # here


@erroneous("constant 0.5 does not fit: expected UInt[8]", ".to(Fixed[9, 16])", "a + 0.5")
def constant_with_a_fraction(a: Any) -> Any:
    return a + 0.5  # here


@erroneous("an integer that may be anything from 0 to 1000 is no UInt[8]", "which wraps", "a + t")
def exact_integer_too_wide(a: Any, b: Any) -> Any:
    t = 0
    if a > b:
        t = 1000
    return a + t  # here


@erroneous("True and False are no UInt[8]", "1 or 0", "a + True")
def boolean_constant(a: Any) -> Any:
    return a + True  # here


@erroneous("a str cannot be combined with UInt[8]", "a number", 'a + "1"')
def text_operand(a: Any) -> Any:
    return a + "1"  # here


@erroneous("None cannot be combined with UInt[8]", "a number", "a == None")
def comparison_with_none(a: Any) -> Any:
    return a == None  # here


@erroneous("Bool has no +", "bit.to(UInt[8])", "h + h")
def bool_arithmetic(h: Any) -> Any:
    return h + h  # here


@erroneous("Bool cannot be shifted", "bit.to(UInt[8])", "h << 1")
def shifted_bool(h: Any) -> Any:
    return h << 1  # here


@erroneous("UInt[8] has no /", "x // y", "a / b")
def true_division(a: Any, b: Any) -> Any:
    return a / b  # here


@erroneous("the exponent of ** is secret", "x ** 3", "a ** b")
def secret_exponent(a: Any, b: Any) -> Any:
    return a**b  # here


@erroneous("negative amount -1", "x << 1", "a >> -1")
def negative_shift(a: Any) -> Any:
    return a >> -1  # here


@erroneous("1 is shifted by a secret amount, but has no type", "UInt[32](1) << amount", "1 << b")
def untyped_shift(b: Any) -> Any:
    return 1 << b  # here


@erroneous("where needs a Bool condition, not UInt[8]", "x != 0", "where(a, a, b)")
def condition_of_another_type(a: Any, b: Any) -> Any:
    return where(a, a, b)  # here


@erroneous("widths run from 1 to 4096", None, "UInt[5000]")
def too_wide(a: Any) -> Any:
    return a.to(UInt[5000])  # here


@erroneous(".to takes an element type, not int", ".to(UInt[16])", "a.to(int)")
def conversion_to_python(a: Any) -> Any:
    return a.to(int)  # here


@erroneous(".to takes an element type, not Array[UInt[8], 3]", ".to(UInt[16])", "a.to(Array[UInt[8], 3])")
def conversion_to_an_array(a: Any) -> Any:
    return a.to(Array[UInt[8], 3])  # here


@erroneous("UInt[8] has no attribute foo", None, "a.foo")
def unknown_attribute(a: Any) -> Any:
    return a.foo  # here


@erroneous("Array[UInt[8], 4] has no attribute maximun", ".maximum", "xs.maximun")
def misspelt_method(xs: Any) -> Any:
    return xs.maximun(3)  # here


@erroneous("Array[UInt[8], 4] has no attribute astype", ".to(UInt[16])", "xs.astype")
def numpy_method(xs: Any) -> Any:
    return xs.astype(np.int64)  # here


@erroneous("a UInt[8] is no function", "x * y", "a")
def called_value(a: Any) -> Any:
    return a(3)  # here


# -- shapes ------------------------------------------------------------------------------------------


@erroneous("shapes (4,) and (3,) do not broadcast", "equal length", "xs + xs[:3]")
def shapes(xs: Any) -> Any:
    return xs + xs[:3]  # here


@erroneous("@ of shapes (2, 3) and (2, 3): the inner sizes differ", "y.T", "ys @ ys")
def product_sizes(ys: Any) -> Any:
    return ys @ ys  # here


@erroneous("@ takes one or two dimensions", "x * y", "a @ b")
def product_of_scalars(a: Any, b: Any) -> Any:
    return a @ b  # here


@erroneous("a single UInt[8] has no length", "8 bits", "len(a)")
def length_of_a_scalar(a: Any) -> Any:
    return len(a)  # here


@erroneous("a single UInt[8] has no elements to reduce", "a.maximum(b)", "a.max()")
def reduction_of_a_scalar(a: Any) -> Any:
    return a.max()  # here


@erroneous("cannot reshape", None, "xs.reshape(3, 2)")
def reshaping(xs: Any) -> Any:
    return xs.reshape(3, 2)  # here


@erroneous("axis 1 is out of range", None, "xs.sum(axis=1)")
def axis(xs: Any) -> Any:
    return xs.sum(axis=1)  # here


@erroneous("is empty", None, "xs[4:]")
def empty_slice(xs: Any) -> Any:
    return xs[4:].sum()  # here


@erroneous("concatenate joins arrays", "stack([a, b])", "concatenate([a, b])")
def joining_scalars(a: Any, b: Any) -> Any:
    return concatenate([a, b])  # here


@erroneous("stack needs values of one shape", "concatenate", "stack([a, xs])")
def stacking_shapes(a: Any, xs: Any) -> Any:
    return stack([a, xs])  # here


@erroneous("shapes (4,) and (3,) do not broadcast", "equal length", 'q == b"abc"')
def bytes_of_another_length(q: Any) -> Any:
    return (q == b"abc").all()  # here


# -- enums -------------------------------------------------------------------------------------------


@erroneous("members of the enum Color have no +", "Color.RED", "c + 1")
def enum_arithmetic(c: Any) -> Any:
    return c + 1  # here


@erroneous("members of the enum Color have no order", "`match`", "c < Color.GREEN")
def enum_order(c: Any) -> Any:
    return c < Color.GREEN  # here


@erroneous("the constant 1 does not fit: expected a member of Color", "Color.RED", "c == 1")
def enum_and_its_value(c: Any) -> Any:
    return c == 1  # here


@erroneous("Color[RED, GREEN, BLUE] and Size[SMALL, LARGE] do not mix", "the same enum", "c == d")
def two_enums(c: Any, d: Any) -> Any:
    return c == d  # here


# -- the standard library ----------------------------------------------------------------------------


@erroneous("cannot become an int for top_k()", "n: int", "std.top_k(xs, a)")
def secret_k(a: Any, xs: Any) -> Any:
    return std.top_k(xs, a)  # here


@erroneous("must be an array, not", None, "std.median(a)")
def median_of_a_scalar(a: Any) -> Any:
    return std.median(a)  # here


@erroneous("histogram needs an array", "stack([a, b])", "std.histogram(a, 10)")
def histogram_of_a_scalar(a: Any) -> Any:
    return std.histogram(a, 10)  # here


@erroneous("compact needs one Bool for each element", "xs != 0", "std.compact(xs, xs[:2] > 3)")
def mask_of_another_shape(xs: Any) -> Any:
    return std.compact(xs, xs[:2] > 3)  # here


@erroneous("takes Fixed values, not UInt[8]", ".to(Fixed", "std.exp(a)")
def exponential_of_an_integer(a: Any) -> Any:
    return std.exp(a)  # here
