"""Where the method ends: the verdict along a run, and what the pages quote of it."""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from rhelbench.claims import estimators
from rhelbench.claims.evidence import Evidence
from rhelbench.claims.method import SINGLE
from rhelbench.claims.verdict import Judgement
from rhelbench.records.collected import nudge_sizes, read
from rhelbench.report.blocks import limit
from rhelbench.stats.runs import Records
from rhelbench.training.trainer import ECHO_LOST

PUBLISHED = Path("results/published")
LOOKS = [
    {"seed": 1, "path": path, "step": step, "algorithm": algorithm, "dtype": dtype, "rho": rho, "part": "all", "error": 1e-4}
    for path in ("bptt", "rhel")
    for step in (0, 10)
    for algorithm, dtype, rho in [("bptt", "float32", 0.0), ("rhel", "float32", 1e-4), ("rhel", "float32", 1e-6)]
]


def _judged(**static: pd.DataFrame) -> Judgement:
    return estimators.along(Evidence(Records(PUBLISHED, pd.DataFrame(), pd.DataFrame()), {}, {}, static, None, None, []))


def test_only_the_usual_nudge_on_rhels_own_path_decides():
    table = pd.DataFrame(LOOKS)
    assert _judged(along_run=table).verdict == "reproduced"
    usual = (table.algorithm == "rhel") & (table.rho == SINGLE) & (table.step == 10)
    for where, verdict in (
        (usual & (table.path == "rhel"), "not reproduced"),
        (usual & (table.path == "bptt"), "reproduced"),
        ((table.rho == 1e-4), "reproduced"),
    ):
        found = _judged(along_run=table.assign(error=table.error.mask(where, 0.5)))
        assert found.verdict == verdict
    assert _judged().verdict == "not measured"


def test_the_number_counts_the_looks():
    table = pd.DataFrame(LOOKS)
    off = (table.algorithm == "rhel") & (table.rho == SINGLE) & (table.path == "rhel")
    found = _judged(along_run=table.assign(error=table.error.mask(off, 0.5)))
    assert "ρ = 1e-06, float32: off in 2 of 2" in found.number
    assert "ρ = 0.0001, float32: off in 0 of 2" in found.number
    assert "single precision" in found.why
    double = pd.concat([table, table.assign(dtype="float64")])
    assert "the nudge" in _judged(along_run=double.assign(error=double.error.mask(double.rho == SINGLE, 0.5))).why


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
