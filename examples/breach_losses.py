"""What an exact total gives away and a noised one does not: two insurers add up their clients' losses.

    python examples/breach_losses.py [FIGURE.svg]

The figure needs matplotlib: pip install 'gc2pc[plot]'. Without a path, a table alone.
"""

import sys

import gc2pc
from gc2pc import Array, Both, Int, UInt, circuit, concatenate, dp, parties

north, south = parties("north", "south")
NEWS = list(range(400, 1000, 20))  # thousands of dollars: 30 large breaches that everybody has read of
QUIET = [120, 90, 190]  # three clients of north that told nobody but their insurer


@circuit
def exact_total(a: Array[UInt[10], 18] @ north, b: Array[UInt[10], 15] @ south) -> UInt[16] @ Both:
    return concatenate([a, b]).sum()


@circuit(private=dp.private(epsilon=1))
def noised_total(a: Array[UInt[10], 18] @ north, b: Array[UInt[10], 15] @ south) -> Int[32] @ Both:
    return dp.laplace(dp.sum(concatenate([a, b]), bounds=(0, 1000)), epsilon=1).to(Int[32])


def draw(path: str, law: dp.Law) -> None:
    import matplotlib.pyplot as plt  # the extra [plot]

    plt.rcParams.update({"svg.hashsalt": "gc2pc", "axes.spines.top": False, "axes.spines.right": False})
    figure, axes = plt.subplots(2, 1, sharex=True, figsize=(8, 4.8), layout="constrained")
    for lost, text in (0, "if they lost nothing"), (sum(QUIET), f"if they lost {sum(QUIET)}"):
        axes[0].stairs([1], [lost - 30, lost + 30], fill=True, alpha=0.45, label=text)
        edges = [((law.low + i) << law.uniform) + lost for i in range(len(law.weights) + 1)]
        axes[1].stairs([weight / 2**law.bits for weight in law.weights], edges, fill=True, alpha=0.45)
    axes[0].set_title("Exact total: the reader knows what the quiet clients lost")
    axes[1].set_title("Noised total: either would be nearly as likely to come out")
    axes[1].set_xlabel("what the reader gets: the published total minus what is in the news")
    axes[0].legend(frameon=False)
    plt.setp(axes, xlim=(-5500, 5900), yticks=[], ylabel="how likely")
    figure.savefig(path, metadata={"Date": None} if path.endswith(".svg") else None)


def main(path: str = "") -> None:
    (entry,), news, quiet = dp.certify(noised_total).entries, sum(NEWS), sum(QUIET)
    law, limit = entry.laws[0], entry.guarantee.ratio / (entry.guarantee.ratio + 1)
    print(f"In the news: {news:,}. Did the quiet clients lose {quiet} more, or nothing? (50 % each)\n")
    print(f"              published  minus news   chance that they lost {quiet}")
    for program in [exact_total] + 8 * [noised_total]:
        total = gc2pc.run_local(program, a=NEWS[:15] + QUIET, b=NEWS[15:]).outputs["north"]
        here, there = law.probability(total - news - quiet), law.probability(total - news)
        chance = float(here / (here + there)) if program is noised_total else 1.0
        print(f"{program.name.replace('_', ' '):12}{total:>11,}{total - news:>12,}   {chance:.1%}")
    print(f"\nNo client's loss moves even chances beyond {float(limit):.1%}, whatever comes out.")
    draw(path, law) if path else print("For a figure: pip install 'gc2pc[plot]', breach_losses.py losses.svg")


if __name__ == "__main__":
    main(*sys.argv[1:])
