"""The baseline without a model, through the trainer: what it answers, and what that scores."""

import numpy as np
import pytest

from rhelbench.contract import TaskShape
from rhelbench.training import setup
from rhelbench.training.checkpoint import Checkpoints
from rhelbench.training.setup import Problem
from rhelbench.training.trainer import train
from tests.training.softmax import Watch, make_spec

RNG = np.random.default_rng(3)


def outcome(problem, folder):
    spec = make_spec(model="majority", framework="numpy", algorithm="bptt")
    return train(spec, setup.make_learner(spec, problem.shape), problem, Checkpoints(folder, "x"), Watch())


def test_it_answers_the_most_frequent_class_of_the_training_part(tmp_path):
    labels = {"train": [0, 1, 1, 1, 2, 2] * 4, "val": [0, 1, 2, 2], "test": [1, 0, 2, 2, 2]}
    parts = {name: (RNG.standard_normal((len(y), 10, 2)), np.array(y, np.int32)) for name, y in labels.items()}
    ended = outcome(Problem(parts, TaskShape(2, 10, 3, "classification"), {}), tmp_path)
    assert (ended.status, ended.run.step) == ("done", 1)
    assert (ended.metric.correct, ended.metric.total) == (1, 5)
    assert ended.run.history[0]["train"] == 0.5


def test_it_answers_the_mean_of_the_training_parts_targets(tmp_path):
    sizes = {"train": 12, "val": 4, "test": 5}
    parts = {name: (RNG.standard_normal((n, 12, 2)), RNG.uniform(-1, 1, (n, 3, 1))) for name, n in sizes.items()}
    ended = outcome(Problem(parts, TaskShape(2, 12, 1, "regression", output_step=4), {}), tmp_path)
    expected = np.mean((parts["test"][1] - parts["train"][1].mean()) ** 2)
    assert ended.metric.value == pytest.approx(expected, rel=1e-6)
    assert (ended.metric.correct, ended.metric.total) == (None, 15)
