import os

import pytest


@pytest.fixture(autouse=True)
def _no_wandb(monkeypatch):
    """Training alone is under test here; what wandb gets is tested in tests/wandb."""
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert os.environ["WANDB_MODE"] == "disabled"
