"""The README's sentences: each headline follows from the verdicts and from nothing else."""

import json

import pandas as pd
import pytest

from rhelbench.report import findings


@pytest.mark.parametrize(
    ("verdicts", "informative", "said"),
    [
        (["equivalent", "identical"], "yes", "RHEL trains to what BPTT trains to"),
        (["equivalent", "equivalent"], "no", f"RHEL and BPTT agree, but {findings.NOT_LEARNED}"),
        (["equivalent", "different"], "yes", "RHEL and BPTT differ"),
        (["equivalent", "inconclusive"], "yes", "No verdict yet"),
        (["too few", "too few"], "no", f"No verdict yet, and {findings.NOT_LEARNED}"),
        (["too few", "inconclusive"], "unknown", "No verdict yet"),
        ([], "no", "Nothing has been run"),
    ],
)
def test_the_headline_follows_from_the_verdicts(verdicts: list[str], informative: str, said: str) -> None:
    assert findings.headline(pd.DataFrame({"verdict": verdicts, "informative": informative}, dtype=str)) == said


@pytest.mark.parametrize(("passed", "said"), [(True, "gives that of BPTT"), (False, "departs from BPTT")])
def test_the_gradient_is_said_to_hold_only_where_every_level_passed(tmp_path, passed: bool, said: str) -> None:
    levels = {f"echo {unit}": {"worst": 2e-9, "passed": passed or unit == "linear"} for unit in ("linear", "nonlinear")}
    (tmp_path / "parity.json").write_text(json.dumps({name: {"levels": levels} for name in ("jax", "torch")}))
    sentence = findings.gradient(tmp_path)
    assert said in sentence
    assert "2e-09 (linear)" in sentence
