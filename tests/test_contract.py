"""A stack that keeps its blocks' inputs alone computes the same as one that keeps everything."""

from typing import Any

import numpy as np
import pytest

from rhelbench import contract
from rhelbench.config import expand
from rhelbench.contract import Arrays
from rhelbench.parameters import initial_parameters
from rhelbench.training import setup
from tests.impl_torch.models import SHAPES, make_data, make_spec, worst


def trained(framework: str, model: str, rate: float) -> tuple[Arrays, Any]:
    """Return the state after three steps of RHEL with dropout, and the gradients at it."""
    spec, shape = make_spec(model, "rhel", dropout=rate).model_copy(update={"framework": framework}), SHAPES["regression"]
    learner = setup.make_learner(spec, shape)
    learner.init(initial_parameters(spec, shape), 3)
    x, y = map(learner.put, make_data(shape))
    learner.train_chunk(x, y, np.array([[0, 1, 2, 3], [4, 5, 6, 7], [1, 3, 5, 7]], np.int32))
    return learner.state(), learner.gradients(x, y)[1]


@pytest.mark.parametrize("model", ["linear", "nonlinear"])
@pytest.mark.parametrize(("framework", "rate"), [("jax", 0.3), ("torch", 0.0), ("torch", 0.3)])
def test_nothing_changes(framework: str, model: str, rate: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """In torch to the bit; in JAX to rounding, since another program is compiled. Dropout masks are drawn twice, alike."""
    state, gradients = trained(framework, model, rate)
    monkeypatch.setattr(contract, "REMATERIALISE_ABOVE", 0)
    again, anew = trained(framework, model, rate)
    allowed = 0.0 if framework == "torch" else 1e-9
    for before, after in ((state, again), (gradients, anew)):
        errors = {path: worst(after[path], value) for path, value in before.items()}
        assert {path: error for path, error in errors.items() if not error <= allowed} == {}


def test_the_runs_of_ppg_dalia_alone_are_large_enough() -> None:
    """Published runs of other tasks stay as they are, and plain backpropagation keeps what it computes."""
    matrix = expand.read("config/paper.yaml")
    cells = {}
    for spec in expand.expand(matrix.model_copy(update={"seeds": [2345]})):
        shape = setup.card.load(spec.task).shape(spec.hyper.time_channel)
        cells.setdefault((spec.task, spec.algorithm), set()).add(contract.rematerialise(spec, shape))
    assert {key for key, values in cells.items() if True in values} == {("PPG-DaLiA", "rhel")}
    assert {algorithm for _, algorithm in cells} == {"bptt", "rhel"}
