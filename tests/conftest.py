"""Settings every test shares: float64 for JAX, strict promotion, the repository's root as working directory."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("WANDB_MODE", "offline")
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _at_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cards and configuration are found from the repository's root; a test that writes changes to tmp_path itself."""
    monkeypatch.chdir(ROOT)
