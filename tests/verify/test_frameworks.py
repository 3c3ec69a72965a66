"""Across the frameworks: the same losses at every step, and a run begun in one that ends in the other."""

from dataclasses import dataclass
from importlib import import_module
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from rhelbench.contract import Learner
from rhelbench.registry import FRAMEWORKS
from rhelbench.spec import RunSpec
from rhelbench.training.checkpoint import Checkpoints
from rhelbench.training.setup import Problem
from rhelbench.training.state import Row, Run
from rhelbench.training.trainer import train
from rhelbench.verify.cases import make_case
from tests.tolerances import RESUMED, TRAINED

#: Model, algorithm, and whose settings: those of the theorems, and the released rule with the released code's norm and loss.
COMBINATIONS = [
    *product(("linear", "nonlinear"), ("bptt", "rhel"), ("exact",)),
    *product(("linear", "nonlinear"), ("rhel_released",), ("released",)),
]
STEPS = 50


class Until:
    """Looks on, and asks for the end once a step is reached."""

    def __init__(self, step: int) -> None:
        self.step = step

    def evaluated(self, run: Run) -> None:
        """Is shown nothing."""

    def stepped(self, run: Run) -> bool:
        """Return False at the step."""
        return run.step != self.step


@dataclass(frozen=True)
class Pair:
    """One run in both frameworks: a spec that evaluates at every step, a learner of each, its histories."""

    spec: RunSpec
    problem: Problem
    learners: dict[str, Learner]
    whole: dict[str, list[Row]]


def finish(spec: RunSpec, learner: Learner, problem: Problem, folder: Path, until: int = 0) -> list[Row] | None:
    """Train from the folder's checkpoint, to the end or to a step; return the history."""
    outcome = train(spec, learner, problem, Checkpoints(folder, "either framework"), Until(until))
    return outcome.run.history if outcome else None


@pytest.fixture(scope="module", params=COMBINATIONS, ids="-".join)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Fifty steps in each framework on 32 samples: three quarters of them to train on."""
    model, algorithm, kind = request.param
    item = make_case("jax", model, algorithm, kind, "classification")
    budget = {"steps": STEPS, "eval_every": 1, "chunk_steps": 1, "patience": STEPS, "time_limit_s": 1e6}
    spec = item.spec.model_copy(update={"budget": item.spec.budget.model_copy(update=budget)})
    x, y = np.concatenate([item.x, 0.5 * item.x[:, ::-1], -item.x]), np.concatenate([item.y, item.y, 1 - item.y])
    part = {"train": (x, y.astype(np.int32)), "val": (item.x[:4], item.y[:4]), "test": (item.x[4:], item.y[4:])}
    problem = Problem(part, item.shape, {})
    kernels = {"jax": "portable", "torch": "fused"}  # one on each path: two that run one kernel would agree by themselves
    learners = {
        name: import_module(FRAMEWORKS[name].learner).make_learner(spec.model_copy(update={"kernel": kernel}), item.shape)
        for name, kernel in kernels.items()
    }
    folder = tmp_path_factory.mktemp("whole")
    whole = {name: finish(spec, learner, problem, folder / name) for name, learner in learners.items()}
    return Pair(spec, problem, learners, {name: rows for name, rows in whole.items() if rows})


def losses(rows: list[Row], start: int = 0) -> np.ndarray:
    """Return the loss of every step from ``start`` on."""
    return np.array([row["loss"] for row in rows[start:]])


def worst(one: np.ndarray, other: np.ndarray) -> float:
    """Return the largest relative difference."""
    return float(np.max(np.abs(one - other) / np.abs(other)))


def test_fifty_steps_in_lockstep(pair: Pair) -> None:
    found = {name: losses(rows) for name, rows in pair.whole.items()}
    assert {name: len(rows) for name, rows in found.items()} == {"jax": STEPS, "torch": STEPS}
    assert worst(found["jax"], found["torch"]) < TRAINED
    assert found["jax"][-1] != found["jax"][0]
    for row, other in zip(pair.whole["jax"], pair.whole["torch"], strict=True):
        assert (row["train"], row["val"]) == (other["train"], other["val"])  # so that both stop and keep alike
        assert (row["fidelity"] is None) == (pair.spec.switches.algorithm == "bptt")


@pytest.mark.parametrize(("first", "second"), [("jax", "torch"), ("torch", "jax")])
def test_a_run_begun_in_one_framework_ends_in_the_other(pair: Pair, tmp_path: Path, first: str, second: str) -> None:
    """By the checkpoint itself: optimiser, norm statistics, counts, and the parameters kept at the best validation."""
    middle = 20
    assert finish(pair.spec, pair.learners[first], pair.problem, tmp_path, until=middle) is None
    rows = finish(pair.spec, pair.learners[second], pair.problem, tmp_path)
    assert rows is not None
    assert rows[:middle] == pair.whole[first][:middle]
    for name in (first, second):
        assert worst(losses(rows, middle), losses(pair.whole[name], middle)) < RESUMED
        assert [row["val"] for row in rows] == [row["val"] for row in pair.whole[name]]
