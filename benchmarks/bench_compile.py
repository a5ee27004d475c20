"""From a function to a circuit: tracing, passes, schedule."""

from typing import Any

import pytest

from gc2pc import Array, Bool, Both, UInt, circuit, parties

alice, bob = parties("alice", "bob")


@pytest.mark.parametrize("lanes", [1, 1_000, 1_000_000])
def test_multiply_costs_the_same_for_any_number_of_lanes(benchmark: Any, lanes: int) -> None:
    words = Array[UInt[32], lanes]

    def once() -> None:
        @circuit
        def multiply(a: words @ alice, b: words @ bob) -> words @ Both:
            return a * b

        gates, rest = divmod(multiply.compile().and_count, lanes)
        assert rest == 0
        assert gates <= 971

    benchmark(once)


def test_comparison(benchmark: Any) -> None:
    def once() -> None:
        @circuit
        def richer(a: UInt[128] @ alice, b: UInt[128] @ bob) -> Bool @ Both:
            return a > b

        assert richer.compile().and_count == 128

    benchmark(once)


def test_scalar_code_of_many_gates(benchmark: Any) -> None:
    def once() -> int:
        @circuit
        def chain(a: UInt[64] @ alice, b: UInt[64] @ bob) -> UInt[64] @ Both:
            for _ in range(5):
                a = a * b + a
            return a

        compiled = chain.compile()
        return int(compiled.and_count + compiled.xor_count)

    gates = benchmark(once)
    if benchmark.stats is not None:
        benchmark.extra_info["gates_per_second"] = round(gates / benchmark.stats.stats.median)
