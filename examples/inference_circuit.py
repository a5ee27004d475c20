"""What the inference client and server compute: they share this file, and nothing else."""

from gc2pc import Array, Bool, Fixed, circuit, parties

client, server = parties("client", "server")


@circuit
def malignant(
    features: Array[Fixed[4, 12], 30] @ client,
    weights: Array[Fixed[4, 12], 30] @ server,
    bias: Fixed[8, 12] @ server,
) -> Bool @ client:
    """A logistic model's answer at probability 1/2: is weights . features + bias at least 0?"""
    return (features @ weights).to(Fixed[16, 12]) + bias >= 0
