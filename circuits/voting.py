"""Votes and polls, counted by two offices of which neither sees the other's ballots.

What is published protects every voter: it would have been nearly as likely had the voter filled in another
ballot (docs/differential-privacy.md). A record is row i of an office's array: one voter's ballot.
"""

from gc2pc import Array, Bool, Both, Int, UInt, circuit, concatenate, dp, parties

east, west = parties("east", "west")


@circuit(private=dp.private(epsilon=dp.ln(3), delta_dp=0))
def poll(
    a: Array[Bool, "n"] @ east, b: Array[Bool, "m"] @ west
) -> tuple[Array[Bool, "n"], Array[Bool, "m"]] @ Both:
    """All answers, but one in four, nobody knows which, is flipped (Warner, JASA 1965).

    If y of k answers come out as yes, about 2 y - k / 2 were yes before.
    """
    answers = dp.randomized_response(concatenate([a, b]), dp.ln(3))
    return answers[: len(a)], answers[len(a) :]


@circuit(private=dp.private())
def vote_counts(
    a: Array[UInt[3], "n"] @ east, b: Array[UInt[3], "m"] @ west, candidates: int = 5, epsilon: str = "1"
) -> Array[Int[32], "candidates"] @ Both:
    """How many votes each candidate has; ballots that name none of them do not count."""
    return dp.histogram(concatenate([a, b]), candidates, epsilon).to(Int[32])


@circuit(private=dp.private())
def referendum(
    a: Array[Bool, "n"] @ east, b: Array[Bool, "m"] @ west, at_least: int, epsilon: str = "1"
) -> Bool @ Both:
    """Whether about `at_least` voters or more said yes; the count stays secret."""
    return dp.threshold(dp.count(concatenate([a, b])), at_least, epsilon)


@circuit(private=dp.private())
def approval(
    a: Array[Bool, "n", 4] @ east, b: Array[Bool, "m", 4] @ west, epsilon: str = "1"
) -> UInt[2] @ Both:
    """Who of four candidates most voters approve of, by noisy maximum; a ballot approves of any number."""
    return dp.noisy_max(dp.count(concatenate([a, b])), epsilon)


@circuit(private=dp.private())
def approval_exponential(
    a: Array[Bool, "n", 4] @ east, b: Array[Bool, "m", 4] @ west, epsilon: str = "1"
) -> UInt[2] @ Both:
    """The same by the exponential mechanism, whose law is known exactly: McSherry, Talwar (FOCS 2007)."""
    return dp.exponential(dp.count(concatenate([a, b])), epsilon)
