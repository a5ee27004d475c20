"""A linear model over many records: the client holds the records, the server the model.

Both learn an aggregate that protects each of the client's records. The model gets no guarantee: what an
aggregate says about the weights, it says.
"""

from gc2pc import Array, Both, Fixed, Int, circuit, dp, parties

client, server = parties("client", "server")


@circuit(private=dp.private(of="records"))
def mean_score(
    records: Array[Fixed[4, 12], "n", "k"] @ client,
    weights: Array[Fixed[4, 12], "k"] @ server,
    bias: Fixed[8, 12] @ server,
    bound: int = 8,
    epsilon: str = "1",
) -> tuple[Fixed[32, 12], Int[32]] @ Both:
    """The noised sum of all scores weights . record + bias, each held to +-`bound`, and their number."""
    scores = (records @ weights).to(Fixed[16, 12]) + bias
    total, number = dp.mean(scores, epsilon, bounds=(-bound, bound))
    return total.to(Fixed[32, 12]), number.to(Int[32])


@circuit(private=dp.private(of="records"))
def positives(
    records: Array[Fixed[4, 12], "n", "k"] @ client,
    weights: Array[Fixed[4, 12], "k"] @ server,
    bias: Fixed[8, 12] @ server,
    epsilon: str = "1",
) -> Int[32] @ Both:
    """About how many records score 0 or more."""
    scores = (records @ weights).to(Fixed[16, 12]) + bias
    return dp.laplace(dp.count(scores >= 0), epsilon).to(Int[32])
