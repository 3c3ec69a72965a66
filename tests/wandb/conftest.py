import pytest

from rhelbench.records import io
from rhelbench.training import job, setup
from rhelbench.wandb import process
from tests.training.softmax import Fake, make_problem
from tests.wandb.server import KEY, Server


@pytest.fixture
def alone(tmp_path, monkeypatch):
    """No key, settings or folders of the user's, and a home of its own."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("WANDB_API_KEY", "WANDB_BASE_URL", "WANDB_PROJECT", "WANDB_ENTITY", "NETRC", "WANDB_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server(alone, monkeypatch):
    """A stand-in for wandb's server on the loopback, and a key that goes nowhere else."""
    with Server() as running:
        monkeypatch.setenv("WANDB_BASE_URL", running.url)
        monkeypatch.setenv("WANDB_API_KEY", KEY)
        monkeypatch.setenv("WANDB_INIT_TIMEOUT", "100")
        yield running


@pytest.fixture
def train(tmp_path, monkeypatch, alone):
    """Train in this process, wandb in a mode of the test's choice; return the record, None after an interruption."""
    problem = make_problem()
    monkeypatch.setattr(setup, "check", lambda spec, data: None)
    monkeypatch.setattr(setup, "load", lambda spec, data: problem)
    for name in ("HURRY", "PATIENCE"):  # the machine that tests may be busy
        monkeypatch.setattr(process, name, 200.0)

    def go(spec, mode, **fake):
        monkeypatch.setenv("WANDB_MODE", mode)
        monkeypatch.setattr(setup, "make_learner", lambda spec, shape: Fake(spec, shape, **fake))
        job.run(spec, tmp_path / "data", tmp_path / "runs", tmp_path / "scratch")
        return io.read(tmp_path / "runs" / spec.run_id)

    return go
