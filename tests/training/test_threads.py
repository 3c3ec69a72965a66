"""The same run gives the same bits: on any number of threads in PyTorch, on the number that the record names in JAX."""

import subprocess
import sys

import pytest
import torch

from impl_torch import team
from tests.training.threads_worker import CASES


def digests(framework: str, threads: int, steps: int, cases: int = len(CASES)) -> list[str]:
    command = [sys.executable, "-m", "tests.training.threads_worker", framework, *map(str, (threads, steps, cases))]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_pytorch_trains_to_the_same_bits_on_any_number_of_threads() -> None:
    alone = digests("torch", 1, 200)
    assert len(set(alone)) == len(CASES)
    assert digests("torch", 2, 200) == alone
    assert digests("torch", 3, 200) == alone


def test_jax_trains_to_the_same_bits_on_the_same_number_of_threads() -> None:
    assert digests("jax", 2, 20, 2) == digests("jax", 2, 20, 2)


def test_pytorch_s_own_operations_leave_the_threads_to_the_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_num_threads()
    monkeypatch.setattr(team.TEAM, "size", None)
    try:
        torch.set_num_threads(3)
        team.kernels_alone()
        team.kernels_alone()  # asked again, it changes nothing
        assert (torch.get_num_threads(), team.threads()) == (1, 3)
    finally:
        torch.set_num_threads(before)
