import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def _no_wandb(monkeypatch):
    """Training alone is under test here; what wandb gets is tested in tests/records."""
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert os.environ["WANDB_MODE"] == "disabled"
