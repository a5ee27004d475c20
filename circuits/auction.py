"""Sealed-bid auction, first price: two houses hold the bids, nobody sees a losing one."""

from gc2pc import Array, Both, UInt, circuit, concatenate, parties

north, south = parties("north", "south")


@circuit
def first_price(
    a: Array[UInt[32], "n"] @ north, b: Array[UInt[32], "m"] @ south
) -> tuple[UInt[16], UInt[32]] @ Both:
    """The winner's number and the price.

    Bidders are numbered from 0: first those of `a`, in their order, then those of `b`. Equal bids: the lowest
    number wins. At most 65,536 bidders.
    """
    bids = concatenate([a, b])
    return bids.argmax().to(UInt[16]), bids.max()
