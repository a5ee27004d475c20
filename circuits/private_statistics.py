"""Statistics over the patients of two clinics, none of whose records shows in the result.

Neither clinic sees the other's records. Every figure leaves the circuit with noise that neither clinic knows,
so that it would have been nearly as likely had one record another value (docs/differential-privacy.md). A
record is row i of a clinic's array. `epsilon` is text, so that it is read exactly: 1, 1/10, ln(2).
"""

from gc2pc import Array, Both, Int, UInt, circuit, concatenate, dp, parties

north, south = parties("north", "south")


@circuit(private=dp.private())
def noisy_sum(
    a: Array[UInt[16], "n"] @ north,
    b: Array[UInt[16], "m"] @ south,
    low: int = 0,
    high: int = 1000,
    epsilon: str = "1",
) -> Int[48] @ Both:
    """The sum of all values, each held between `low` and `high` first."""
    total = dp.sum(concatenate([a, b]), bounds=(low, high))
    return dp.laplace(total, epsilon).to(Int[48])


@circuit(private=dp.private())
def noisy_mean(
    a: Array[UInt[16], "n"] @ north,
    b: Array[UInt[16], "m"] @ south,
    low: int = 0,
    high: int = 1000,
    epsilon: str = "1",
) -> tuple[Int[48], Int[32]] @ Both:
    """The noised sum and the public number of records; divide them outside, as `dp.quotient` does."""
    total, number = dp.mean(concatenate([a, b]), epsilon, bounds=(low, high))
    return total.to(Int[48]), number.to(Int[32])


@circuit(private=dp.private())
def histogram(
    a: Array[UInt[7], "n"] @ north, b: Array[UInt[7], "m"] @ south, epsilon: str = "1"
) -> Array[Int[32], 8] @ Both:
    """How many patients there are in each 15 years of age: from 0, from 15, ..., from 105 to 120."""
    ages = concatenate([a, b])
    return dp.histogram(ages, [0, 15, 30, 45, 60, 75, 90, 105, 120], epsilon).to(Int[32])


@circuit(private=dp.private())
def median(
    a: Array[UInt[7], "n"] @ north, b: Array[UInt[7], "m"] @ south, epsilon: str = "1"
) -> UInt[7] @ Both:
    """An age that about half of the patients have not passed."""
    return dp.median(concatenate([a, b]), epsilon, bounds=(0, 120))
