"""Gradients along a run: looking on changes nothing, and the published table follows the published runs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rhelbench.protocol import setup
from rhelbench.protocol.checkpoint import Checkpoints
from rhelbench.protocol.trainer import train
from rhelbench.studies import along_run
from tests.protocol.fake import Watch, make_problem, make_spec

PUBLISHED = Path("results/published")


@pytest.mark.parametrize("algorithm", ["bptt", "rhel"])
def test_looking_on_leaves_the_run_as_it_is(algorithm: str, tmp_path: Path):
    spec = make_spec(
        budget={"steps": 10, "eval_every": 5}, switches={"algorithm": algorithm}, model="nonlinear", algorithm=algorithm,
        framework="torch",
    )  # fmt: skip
    problem = make_problem()
    table = pd.DataFrame(along_run.along(spec, problem, 5), columns=along_run.COLUMNS)
    alone = train(spec, setup.learner(spec, problem.shape), problem, Checkpoints(tmp_path, "alone"), Watch())
    assert alone is not None
    seen = table.groupby("step").fidelity.first()
    assert list(seen.index) == [0, 5, 10]
    if algorithm == "rhel":
        assert [row["fidelity"] for row in alone.run.history] == list(seen[[5, 10]])
    assert (1 - table[table.dtype == "float64"].cosine).max() < 1e-6
    assert (1 - table.cosine).max() < 1e-4
    assert table.norm_ratio.between(0.99, 1.01).all()
    assert set(table.part) == {"all", "units"}


def test_the_published_table_follows_the_published_runs():
    table = pd.read_csv(PUBLISHED / "static/along_run.csv")
    runs = pd.read_csv(PUBLISHED / "runs.csv", dtype={"overrides": str})
    history = pd.read_csv(PUBLISHED / "history.csv")
    for seed in along_run.SEEDS:
        which = {
            "task": along_run.TASK, "model": along_run.MODEL, "algorithm": "rhel", "framework": along_run.FRAMEWORK, "seed": seed,
        }  # fmt: skip
        run_id = runs[(runs[list(which)] == pd.Series(which)).all(axis=1) & runs.overrides.isna()].run_id.item()
        own = history[history.run_id == run_id].set_index("step").fidelity
        seen = table[(table.seed == seed) & (table.path == "rhel")].groupby("step").fidelity.first()
        assert list(own) == pytest.approx(list(seen[own.index]), rel=1e-6)
    exact = table[table.dtype == "float64"]
    assert np.isfinite(exact.cosine).all()
