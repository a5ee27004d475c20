"""A client that has medical records classified without showing them to anybody.

    python examples/inference_client.py [HOST:PORT]

Start inference_server.py as well, before or after.
"""

import sys

from inference_circuit import client, malignant

import gc2pc
from gc2pc.demo.model import load_model, load_records


def main(address: str = "127.0.0.1:7002") -> None:
    records = load_records()
    # Mean and scale of each measurement are public: they say in which units the model wants its inputs.
    # The client uses nothing else of the model.
    features = load_model().normalise(records.features)
    with gc2pc.connect(address, client) as session:
        answers = session.run_batch(malignant, features=features)
        print(session.last_report)
    right = int((answers == records.malignant).sum())
    print(f"{right} of {len(answers)} records classified as the doctors did")


if __name__ == "__main__":
    main(*sys.argv[1:])
