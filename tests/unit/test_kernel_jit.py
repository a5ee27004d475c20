"""The decorator and the table of kernels, in this process."""

from __future__ import annotations

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gc2pc.kernels
from gc2pc.kernels import half_gates
from gc2pc.kernels.jit import KERNELS, Kernel
from gc2pc.kernels.simd import Lowering, choose_lowering


def _garble_twice(labels: NDArray[np.uint64], keys: NDArray[np.uint64], n: int) -> None:
    half_gates.garble_and(labels, 0, 1, 2, n, keys, 0, 0, np.uint64(0), labels, 0)
    half_gates.garble_and(labels, 3, 4, 5, n, keys, 0, 0, np.uint64(9), labels, 0)


def test_callers_link_one_copy_of_a_kernel() -> None:
    garble_and = half_gates.garble_and
    (alone,) = garble_and.dispatcher.inspect_asm().values()
    caller = Kernel(_garble_twice, "void(uint64[:, ::1], uint64[:, ::1], int64)")
    (both,) = caller.dispatcher.inspect_asm().values()
    # What only AES contains, on every lowering: the code of SubBytes.
    markers = {Lowering.armv8: "aese", Lowering.portable: "gc2pc.aes_round_last:"}
    marker = markers.get(Lowering(gc2pc.kernels.active_lowering()), "aesenclast")
    assert both.count(marker) == alone.count(marker) > 0


def _add_one(row: NDArray[np.uint64]) -> None:
    row[0] += np.uint64(1)


def test_threads_that_race_for_the_first_call_compile_once() -> None:
    kernel = Kernel(_add_one, "void(uint64[::1])")
    rows = np.zeros((4, 2), np.uint64)
    with ThreadPoolExecutor(4) as pool:
        compiled = list(pool.map(lambda _: kernel.compile(), rows))
        list(pool.map(kernel, rows))
    assert all(function is compiled[0] for function in compiled)
    assert rows.tolist() == [[1, 0]] * 4


def test_kernels_of_one_name_are_two() -> None:
    def _add_one(row: NDArray[np.uint64]) -> None:
        row[0] += np.uint64(5)

    row = np.zeros(1, np.uint64)
    Kernel(_add_one, "void(uint64[::1])")(row)
    assert row[0] == 5


def _fill(
    table: NDArray[np.int32],
    given: NDArray[np.uint8],
    number: int,
    word: np.uint64 | int,
    out: NDArray[np.uint64],
) -> int:
    out[0] = np.uint64(table[1, 0]) + np.uint64(given[0])
    out[1] = word
    return number


@pytest.fixture(scope="module")
def fill() -> Kernel[..., int]:
    return Kernel(_fill, "int64(Array(int32, 2, 'C', readonly=True), uint8[::1], int64, uint64, uint64[::1])")


def arguments() -> list[Any]:
    frozen = np.arange(6, dtype=np.int32).reshape(3, 2)
    frozen.flags.writeable = False
    return [frozen, np.full(3, 7, np.uint8), -5, 2**64 - 1, np.zeros(2, np.uint64)]


def test_what_python_may_pass(fill: Kernel[..., int]) -> None:
    given = arguments()
    assert fill(*given) == -5
    assert given[-1].tolist() == [9, 2**64 - 1]
    # An unpickled dtype is another object, and NumPy's integers are integers.
    table, octets, _, _, out = pickle.loads(pickle.dumps(given))
    assert fill(table, octets, np.int64(2**63 - 1), np.uint64(2**63), out) == 2**63 - 1
    assert fill(table, octets, True, np.uint8(3), out) == 1
    assert out.tolist() == [9, 3]
    # The machine's own byte order has two names.
    named = np.dtype(np.int32).newbyteorder("<" if sys.byteorder == "little" else ">")
    assert fill(table.astype(named), octets, 2, 4, out.view(out.dtype.newbyteorder("N"))) == 2
    assert table.astype(named).dtype.byteorder != table.dtype.byteorder


def test_an_index_may_resize_an_array(fill: Kernel[..., int]) -> None:
    table, given, _, word, out = arguments()

    class Resizing:
        def __index__(self) -> int:
            given.resize((2**20,), refcheck=False)  # somewhere else
            given[0] = 30
            return 1

    assert fill(table, given, Resizing(), word, out) == 1
    assert out[0] == 2 + 30


@pytest.mark.parametrize(
    ("place", "wrong", "error", "message"),
    [
        (0, np.zeros((3, 2), np.int64), TypeError, r"table must be a C-contiguous 2-dim.* array of int32"),
        (0, np.zeros((3, 2), np.uint32), TypeError, "table must be"),
        (0, np.zeros((3, 2), np.dtype(np.int32).newbyteorder()), TypeError, "table must be"),
        (0, np.zeros((3, 2), np.int32, order="F"), TypeError, "table must be"),
        (0, np.zeros((3, 4), np.int32)[:, ::2], TypeError, "table must be"),
        (0, np.zeros(25, np.uint8)[1:].view(np.int32).reshape(3, 2), TypeError, "table must be"),
        (0, np.zeros(6, np.int32), TypeError, "table must be"),
        (0, np.zeros((3, 2), np.int32).view(np.recarray), TypeError, "table must be"),
        (0, [[1, 2]], TypeError, "table must be"),
        (0, object(), TypeError, "table must be"),
        (1, np.zeros(3, np.int8), TypeError, "given must be a C-contiguous writable 1-dim.* array of uint8"),
        (1, np.frombuffer(b"abc", np.uint8), TypeError, "given must be"),
        (1, b"abc", TypeError, "given must be"),
        (2, 1.0, TypeError, "integer"),
        (2, "1", TypeError, "integer"),
        (2, 2**63, OverflowError, "too (large|big)"),
        (2, np.uint64(2**63), OverflowError, "too (large|big)"),
        (3, -1, OverflowError, "negative"),
        (3, 2**64, OverflowError, "too (large|big)"),
    ],
)
def test_what_python_may_not_pass(
    fill: Kernel[..., int], place: int, wrong: Any, error: type[Exception], message: str
) -> None:
    given = arguments()
    given[place] = wrong
    held = sys.getrefcount(wrong)
    with pytest.raises(error, match=message):
        fill(*given)
    assert sys.getrefcount(wrong) == held
    assert given[-1].tolist() == [0, 0]


def test_the_number_of_arguments(fill: Kernel[..., int]) -> None:
    with pytest.raises(TypeError, match="takes exactly 5 arguments"):
        fill(*arguments()[:-1])
    with pytest.raises(TypeError, match="takes exactly 5 arguments"):
        fill(*arguments(), 1)
    with pytest.raises(TypeError, match=r"^test_kernel_jit\._fill\(\) takes no keyword arguments$"):
        fill(*arguments()[:-1], out=np.zeros(2, np.uint64))


def _allocate(row: NDArray[np.uint64]) -> None:
    row[:] = np.zeros(row.shape[0], np.uint64)


def _divide(row: NDArray[np.uint64]) -> None:
    row[0] //= row[1]


def test_what_a_kernel_may_not_do() -> None:
    with pytest.raises(TypeError, match=r"needs .*NRT.* at run time"):
        Kernel(_allocate, "void(uint64[::1])").compile()
    with pytest.raises(RuntimeError, match=r"_divide.* raised an exception"):
        Kernel(_divide, "void(uint64[::1])")(np.zeros(2, np.uint64))


def test_compile_all_reports_every_kernel() -> None:
    calls: list[tuple[str, int, int]] = []
    gc2pc.kernels.compile_all(lambda *call: calls.append(call))
    assert [name for name, _, _ in calls] == [*KERNELS, ""]
    assert [done for _, done, _ in calls] == list(range(len(KERNELS) + 1))
    assert {total for _, _, total in calls} == {len(KERNELS)}
    assert {"half_gates.garble_and", "hashing.prg", "transpose.transpose128"} <= set(KERNELS)


@pytest.mark.parametrize("name", list(gc2pc.kernels.kernel_table()))
def test_kernels_take_contiguous_arrays_and_are_frozen(name: str) -> None:
    dispatcher = KERNELS[name].dispatcher
    assert len(dispatcher.signatures) == 1
    assert all(argument.layout == "C" for argument in dispatcher.signatures[0] if hasattr(argument, "layout"))
    with pytest.raises(RuntimeError, match="compilation disabled"):
        dispatcher.compile("void(float32)")


def test_a_run_with_kernels_in_the_cache_imports_no_numba() -> None:
    gc2pc.kernels.compile_all()
    script = (
        "import sys\n"
        "from gc2pc.cli.commands import load\n"
        "from gc2pc.cli.kernels import warm_up\n"
        "from gc2pc.session.local import run_local\n"
        "warm_up(quiet=False)\n"
        "program, inputs = load('circuits/millionaires.py:richer', ('a=3', 'b=2'))\n"
        "assert run_local(program, **inputs).outputs == {'alice': True, 'bob': True}\n"
        "late = {'numba', 'rich', 'filelock', 'networkx', 'numpy.ma', 'gc2pc.dp'} & {*sys.modules}\n"
        "assert not late, late\n"
    )
    # -P: the package of this process, whose kernels are in the cache, and not a second one in this folder.
    subprocess.run([sys.executable, "-P", "-c", script], check=True)


def test_importing_compiles_nothing() -> None:
    script = (
        "import sys, gc2pc.kernels\n"
        "assert 'numba' not in sys.modules\n"
        "kernels = gc2pc.kernels.kernel_table()\n"
        "assert len(kernels) > 5\n"
        "assert 'numba' not in sys.modules\n"
        "assert all(kernel._call is None for kernel in kernels.values())\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize(
    ("triple", "features", "expected"),
    [
        ("x86_64-pc-linux-gnu", "+aes,+avx2,+vaes,+avx512f", Lowering.vaes512),
        ("x86_64-pc-linux-gnu", "+aes,+avx2,+vaes,-avx512f", Lowering.vaes256),
        ("x86_64-apple-darwin", "+aes,+avx2,-vaes,+avx512f", Lowering.aesni),
        ("x86_64-pc-linux-gnu", "+vaes,+aes,-avx2", Lowering.aesni),
        ("x86_64-pc-windows-msvc", "+sse2,-aes", Lowering.portable),
        ("x86_64-pc-linux-gnu", "+aes,-aes", Lowering.portable),
        ("x86_64-pc-linux-gnu", "", Lowering.portable),
        ("aarch64-unknown-linux-gnu", "+neon,+aes", Lowering.armv8),
        ("arm64-apple-darwin23.0", "+crypto", Lowering.armv8),
        ("aarch64-unknown-linux-gnu", "+neon", Lowering.portable),
        ("riscv64-unknown-linux-gnu", "+aes", Lowering.portable),
    ],
)
def test_choice_of_the_lowering(triple: str, features: str, expected: Lowering) -> None:
    assert choose_lowering(triple, features) is expected
