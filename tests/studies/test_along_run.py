"""Gradients along a run: evaluating them changes nothing."""

from pathlib import Path

import pandas as pd
import pytest

from rhelbench.studies import along_run
from rhelbench.training import setup
from rhelbench.training.checkpoint import Checkpoints
from rhelbench.training.trainer import train
from tests.training.softmax import Watch, make_problem, make_spec


@pytest.mark.parametrize("algorithm", ["bptt", "rhel"])
def test_looking_on_leaves_the_run_as_it_is(algorithm: str, tmp_path: Path):
    spec = make_spec(
        budget={"steps": 10, "eval_every": 5}, switches={"algorithm": algorithm}, model="nonlinear", algorithm=algorithm,
        framework="torch",
    )  # fmt: skip
    problem = make_problem()
    table = pd.DataFrame(along_run.follow(spec, problem, 5), columns=along_run.COLUMNS)
    alone = train(spec, setup.make_learner(spec, problem.shape), problem, Checkpoints(tmp_path, "alone"), Watch())
    assert alone is not None
    seen = table.groupby("step").fidelity.first()
    assert list(seen.index) == [0, 5, 10]
    if algorithm == "rhel":
        assert [row["fidelity"] for row in alone.run.history] == list(seen[[5, 10]])
    assert (1 - table[table.dtype == "float64"].cosine).max() < 1e-6
    assert (1 - table.cosine).max() < 1e-4
    assert table.norm_ratio.between(0.99, 1.01).all()
    assert set(table.part) == {"all", "units"}
