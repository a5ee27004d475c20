"""What data breaches cost all clients of two insurers together, in thousands of dollars.

An exact total gives away what the small clients lost as soon as the large losses are in the news
(examples/breach_losses.py); this one does not.
"""

from gc2pc import Array, Both, Int, UInt, circuit, concatenate, dp, parties

north, south = parties("north", "south")


@circuit(private=dp.private())
def total_losses(
    a: Array[UInt[24], "n"] @ north,
    b: Array[UInt[24], "m"] @ south,
    cap: int = 1000,
    per_firm: int = 1,
    epsilon: str = "1",
) -> Int[48] @ Both:
    """The noised total of all breaches, each held to at most `cap`; a firm has at most `per_firm` of them."""
    total = dp.sum(concatenate([a, b]), bounds=(0, cap), per_contributor=per_firm)
    return dp.laplace(total, epsilon).to(Int[48])
