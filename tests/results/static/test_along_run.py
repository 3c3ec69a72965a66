"""The published table of gradients along a run follows the published runs."""

from pathlib import Path

import numpy as np
import pandas as pd

from rhelbench.studies import along_run

PUBLISHED = Path("results/published")


def test_the_published_table_has_every_look_of_every_path():
    table = pd.read_csv(PUBLISHED / "static/along_run.csv")
    steps = list(range(0, 201, along_run.EVERY))  # as config/hyperparameters.yaml trains at this length
    for _, own in table.groupby(["seed", "path", "algorithm", "dtype", "rho", "part"]):
        assert list(own.step) == steps
    assert set(table.seed) == set(along_run.SEEDS)
    assert (table[(table.step == 0) & (table.part == "all")].groupby("seed").norm.nunique() == 1).all()  # one start
    exact = table[table.dtype == "float64"]
    assert np.isfinite(exact.cosine).all()
