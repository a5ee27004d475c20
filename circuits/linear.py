"""Linear models: the client holds the features, the server the weights and the bias.

A logistic model says yes where its probability is at least a threshold; the logistic function rises, so this
is the question whether the linear score is at least logit(threshold), which the server subtracts from the
bias beforehand. Nothing but the answer is revealed.
"""

from gc2pc import Array, Bool, Fixed, circuit, parties

client, server = parties("client", "server")


@circuit
def score(
    features: Array[Fixed[4, 12], "n"] @ client,
    weights: Array[Fixed[4, 12], "n"] @ server,
    bias: Fixed[8, 12] @ server,
) -> Fixed[16, 12] @ client:
    """weights . features + bias, rounded once to multiples of 2^-12; the client learns it."""
    return (features @ weights).to(Fixed[16, 12]) + bias


@circuit
def decision(
    features: Array[Fixed[4, 12], "n"] @ client,
    weights: Array[Fixed[4, 12], "n"] @ server,
    bias: Fixed[8, 12] @ server,
) -> Bool @ client:
    """Whether weights . features + bias >= 0, for a bias from which logit(threshold) is subtracted."""
    return (features @ weights).to(Fixed[16, 12]) + bias >= 0
