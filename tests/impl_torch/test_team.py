"""Kernels on PyTorch's threads: every block once, new arguments, errors passed on, the same where there is no OpenMP."""

from unittest.mock import Mock

import numpy as np
import pytest

from impl_torch import team
from kernels.cpu import launch, region
from kernels.cpu.head import normalise_back
from kernels.cpu.path import squares


@pytest.fixture(autouse=True)
def two_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team.TEAM, "size", 2)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("openmp", [True, False])
def test_every_block_runs_once(openmp: bool, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if not openmp:
        monkeypatch.setattr(team, "regions", lambda: False)
    g, one = np.ones((1000, 1), dtype), np.ones(1, dtype)
    for block in (7, 500, 1000, 2000):
        for products in (False, True):  # each time g turns into 2 g
            team.launch(
                normalise_back, 1000, block, g, g, np.zeros((1, 1), dtype), 2 * one, 0 * one, 0 * one, 1, products=products
            )
    assert (g == 2**8).all()


def test_arguments_of_a_new_kind_are_compiled_for() -> None:
    g, sums = np.arange(24.0).reshape(4, 6), np.zeros(6)
    for path in (g, np.asfortranarray(g), g[::-1], g.astype("float32")):
        sums[:] = 0
        team.launch(squares, 6, 2, path, sums)
        assert np.array_equal(sums, (g**2).sum(0))


def test_a_kernel_without_room_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(region._LAUNCHERS, squares, Mock(overloads={"any": None}, return_value=1))
    with pytest.raises(MemoryError, match=r"^kernels\.cpu\.path\.squares: no room"):
        team.launch(squares, 6, 2, np.zeros((4, 6)), np.zeros(6))


def test_an_error_on_a_thread_of_python_is_raised_here() -> None:
    def broken(lo: int, hi: int) -> None:
        raise ValueError(f"{lo} to {hi}")

    with pytest.raises(ValueError, match=r"^\d to \d+$"):
        launch.share(broken, 10, 5, 2)
