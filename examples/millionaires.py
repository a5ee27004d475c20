"""Who is richer? Two people, two terminals, nothing else revealed.

    python examples/millionaires.py alice 800000
    python examples/millionaires.py bob 750000

On two machines, give both the address of Alice's as a third argument; plain TCP does not protect against the
network between them, so put it through a tunnel.
"""

import sys

import gc2pc
from gc2pc import Bool, Both, UInt, circuit, parties

alice, bob = parties("alice", "bob")


@circuit
def richer(a: UInt[32] @ alice, b: UInt[32] @ bob) -> Bool @ Both:
    return a > b


def main(name: str, fortune: str, address: str = "127.0.0.1:7001") -> None:
    if name == "alice":
        with gc2pc.listen(address, alice) as session:
            alice_is_richer = session.run(richer, a=int(fortune))
    else:
        with gc2pc.connect(address, bob) as session:
            alice_is_richer = session.run(richer, b=int(fortune))
    print("Alice is richer." if alice_is_richer else "Alice is not richer.")


if __name__ == "__main__":
    main(*sys.argv[1:])
