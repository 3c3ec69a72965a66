"""The step with fixed buffers, which a GPU records, is the ordinary step bit for bit; here it is run, not recorded."""

import numpy as np
import pytest
import torch

from impl_torch.algorithms import ALGORITHMS
from impl_torch.cuda_graph import READ_BACK, Recordings, cuda_graph
from impl_torch.learner import TorchLearner, make_learner
from rhelbench.parameters import initial_parameters
from tests.impl_torch.models import SHAPES, make_data, make_spec

PLAN = np.random.default_rng(0).integers(0, 8, (5, 4)).astype(np.int32)


def started(kind: str, model: str, algorithm: str, **changes: object) -> TorchLearner:
    spec = make_spec(model, algorithm, dtype="float32", dropout=0.3, **changes)
    learner = make_learner(spec, SHAPES[kind])
    learner.init(initial_parameters(spec, SHAPES[kind]), dropout_seed=7)
    return learner


def span(learner: TorchLearner, kind: str, plan: np.ndarray) -> np.ndarray:
    x, y = make_data(SHAPES[kind])
    return learner.train_chunk(learner.put(x), learner.put(y), plan)


@pytest.mark.parametrize("mask", ["per_sample", "per_batch"])
@pytest.mark.parametrize("norm", ["batch", "ema_released"])
@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("model", ["linear", "nonlinear", "memoryless"])
def test_fixed_buffers_change_no_bit(model: str, kind: str, norm: str, mask: str) -> None:
    calls: list[int] = []

    def unrecorded(work, changed):
        calls.append(len(changed))
        return work

    plain, other = (started(kind, model, "rhel", norm=norm, dropout_mask=mask) for _ in range(2))
    other.recordings = Recordings(unrecorded)
    losses = span(plain, kind, PLAN)
    assert np.array_equal(np.concatenate([span(other, kind, PLAN[:3]), span(other, kind, PLAN[3:])]), losses)
    state = plain.state()
    assert all(np.array_equal(state[name], value) for name, value in other.state().items())
    # Once per shapes, and everything that a step changes is known to the recorder.
    assert calls == [
        sum(name.startswith(("parameters.", "adam.m.", "adam.v.", "norm.blocks.")) for name in state) + len(plain.steps)
    ]
    assert other.facts()["compilations"] - plain.facts()["compilations"] == 1
    other.restore(state)
    assert np.array_equal(span(other, kind, PLAN), span(plain, kind, PLAN))
    assert len(calls) == 2


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("model", ["linear", "nonlinear"])
def test_a_step_makes_no_tensor_from_host_data(model: str, algorithm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy from the host or a number read back would end the recording."""
    learner = started("classification", model, algorithm)
    span(learner, "classification", PLAN[:1])
    x, y = (learner.put(value) for value in make_data(SHAPES["classification"]))

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("not in a recorded step")

    for owner, name in (
        (torch, "tensor"), (torch, "from_numpy"), (torch, "as_tensor"), (torch.Tensor, "new_tensor"), (torch.Tensor, "item"),
        (torch.Tensor, "cpu"), (torch.Tensor, "numpy"), (torch.Tensor, "tolist"), (torch.Tensor, "__bool__"),
        (torch.Tensor, "__float__"), (torch.Tensor, "__int__"),
    ):  # fmt: skip
        monkeypatch.setattr(owner, name, refuse)
    if algorithm in READ_BACK:
        with pytest.raises(AssertionError, match="not in a recorded step"):
            learner._body(x[:4].transpose(0, 1), y[:4], None)
    else:
        learner._body(x[:4].transpose(0, 1), y[:4], None)


def test_what_cannot_be_recorded_runs_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    def refuses(work, changed):
        raise RuntimeError("operation not permitted when stream is capturing\nsecond line")

    plain, other = (started("classification", "nonlinear", "rhel") for _ in range(2))
    other.recordings = Recordings(refuses)
    assert np.array_equal(span(other, "classification", PLAN), span(plain, "classification", PLAN))
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "cannot record them (operation not permitted when stream is capturing)" in said


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("model", ["linear", "nonlinear"])
def test_a_cuda_graph_is_the_step(model: str) -> None:
    recorded, plain = (started("classification", model, "rhel") for _ in range(2))
    assert recorded.recordings.recorder is cuda_graph
    plain.recordings = Recordings(None)
    losses = span(plain, "classification", PLAN)
    assert np.allclose(span(recorded, "classification", PLAN), losses, rtol=1e-6)
    assert recorded.recordings.count == 1
    before = recorded.facts()["compilations"]
    span(recorded, "classification", PLAN)
    assert recorded.facts()["compilations"] == before
