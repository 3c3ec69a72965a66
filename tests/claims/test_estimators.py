"""The verdict along a run."""

from pathlib import Path

import pandas as pd

from rhelbench.claims import estimators
from rhelbench.claims.evidence import Evidence
from rhelbench.claims.method import SINGLE
from rhelbench.claims.verdict import Judgement
from rhelbench.stats.runs import Records

LOOKS = [
    {"seed": 1, "path": path, "step": step, "algorithm": algorithm, "dtype": dtype, "rho": rho, "part": "all", "error": 1e-4}
    for path in ("bptt", "rhel")
    for step in (0, 10)
    for algorithm, dtype, rho in [("bptt", "float32", 0.0), ("rhel", "float32", 1e-4), ("rhel", "float32", 1e-6)]
]


def _judged(**static: pd.DataFrame) -> Judgement:
    return estimators.along(Evidence(Records(Path(), pd.DataFrame(), pd.DataFrame()), {}, {}, static, None, None, []))


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
