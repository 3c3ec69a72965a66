"""Kernels on PyTorch's threads: every block once, errors passed on, the same where there is no OpenMP."""

import numpy as np
import pytest
import torch

from impl_torch import team
from kernels.cpu.launch import jit


@jit
def count(times, lo, hi):
    for i in range(lo, hi):
        times[i] += 1


@pytest.mark.parametrize("openmp", [True, False])
def test_every_block_runs_once(openmp: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not openmp:
        monkeypatch.setattr(team, "_parallel", lambda: None)
    times, threads = np.zeros(1000), torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        for block in (7, 500, 1000, 2000):
            team.launch(count, 1000, block, times)
            team.launch(count, 1000, block, times, products=True)
    finally:
        torch.set_num_threads(threads)
    assert (times == 8).all()


def test_an_error_in_a_thread_is_raised_here() -> None:
    def broken(lo: int, hi: int) -> None:
        raise ValueError(f"{lo} to {hi}")

    broken.signatures = ["compiled"]  # pyright: ignore[reportFunctionMemberAccess]
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with pytest.raises(ValueError, match=r"^\d to \d+$"):
            team.launch(broken, 10, 5)
    finally:
        torch.set_num_threads(threads)
