"""What the pages quote of long sequences is in the published files."""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from rhelbench.claims import estimators
from rhelbench.records.collected import nudge_sizes, read
from rhelbench.report.blocks import limit
from rhelbench.training.trainer import ECHO_LOST

PUBLISHED = Path("results/published")


def test_what_is_published_of_the_gradients_is_the_table_s():
    table = pd.read_csv(PUBLISHED / "static/along_run.csv")
    page = limit.along(read(PUBLISHED))
    rows = [[word.strip() for word in line.split("|")[1:-1]] for line in page.splitlines()[2:] if line.startswith("|")]
    assert len(rows) == table.groupby(["path", "algorithm", "dtype", "rho"]).ngroups
    kept = table[(table.part == "all") & (table.fidelity <= ECHO_LOST)]
    worst = kept[(kept.dtype == "float64") & (kept.rho == 1e-6)].error.max()
    assert worst < 1e-3  # in double precision, with a small nudge and while the echo comes home, nothing is lost
    assert sum(int(row[4]) for row in rows) == (table[table.part == "all"].error > estimators.SAME_SINGLE).sum()


def test_trained_in_pairs():
    own = read(PUBLISHED / "limit_long")
    loss = own.history.groupby("run_id").loss.mean()
    runs = own.runs.assign(loss=own.runs.run_id.map(loss), rho=nudge_sizes(own.runs)).set_index("seed")
    page = limit.trained(read(PUBLISHED))
    bptt, (usual, small) = (
        runs[runs.algorithm == "bptt"].loss,
        (runs[(runs.algorithm == "rhel") & (runs.rho == rho)].loss for rho in (1e-4, 1e-6)),
    )
    for d in (usual - bptt, small - bptt, usual - small):
        low, high = stats.t.interval(0.95, len(d) - 1, d.mean(), d.std(ddof=1) / np.sqrt(len(d)))
        assert f"{d.mean():+.3f} [{low:+.3f}, {high:+.3f}]" in page
    assert bptt.index.is_unique
    assert (usual > small).all()  # docs/memory-tasks.md says so
