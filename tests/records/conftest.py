import pytest


@pytest.fixture(autouse=True)
def _no_wandb(monkeypatch):
    """Records alone are under test here; what wandb gets is tested in tests/wandb."""
    monkeypatch.setenv("WANDB_MODE", "disabled")
