"""A server that classifies records which it never sees.

    python examples/inference_server.py [HOST:PORT]

It serves one client: one batch of records, as many as the client brings, then it ends.
"""

import sys

from inference_circuit import malignant, server

import gc2pc
from gc2pc.demo.model import load_model


def main(address: str = "127.0.0.1:7002") -> None:
    model = load_model()
    with gc2pc.listen(address, server) as session:
        # The weights are given once and serve every record of the client's batch.
        session.run_batch(malignant, weights=model.weights, bias=model.bias)
        print(session.last_report)


if __name__ == "__main__":
    main(*sys.argv[1:])
