"""Settings every test shares: float64 for JAX, strict promotion, the repository's root as working directory."""

import os
from pathlib import Path

import pytest

from rhelbench.config.cores import available_cores

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("WANDB_MODE", "offline")
if "PYTEST_XDIST_WORKER" in os.environ:  # the workers share the cores, for which PyTorch's threads would wait busily
    threads = available_cores() // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    os.environ.setdefault("OMP_NUM_THREADS", str(max(threads, 1)))
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _at_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cards and configuration are found from the repository's root; a test that writes changes to tmp_path itself."""
    monkeypatch.chdir(ROOT)
