"""Two millionaires learn who is richer, and nothing else (Yao, FOCS 1982)."""

from gc2pc import Bool, Both, UInt, circuit, parties

alice, bob = parties("alice", "bob")


@circuit
def richer(a: UInt[32] @ alice, b: UInt[32] @ bob) -> Bool @ Both:
    """Whether Alice's fortune `a` is larger than Bob's `b`."""
    return a > b
