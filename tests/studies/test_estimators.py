"""The estimators' study counts the memory of the compiled program."""

import pandas as pd
import pytest

from rhelbench.studies import estimators


def growth(memory: pd.DataFrame) -> pd.Series:
    """States kept per further step, by estimator, the larger of the two units'."""
    states = memory.pivot(index=["model", "estimator"], columns="length", values="states")
    short, long = states
    return ((states[long] - states[short]) / (long - short)).groupby("estimator").max()


def test_the_memory_is_that_of_the_compiled_program(monkeypatch):
    monkeypatch.setattr(estimators, "NEEDS", {name: estimators.NEEDS[name] for name in ("bptt", "bptt_reversible")})
    found = growth(estimators.memory((50, 150)))
    assert (found.bptt, found.bptt_reversible) == (pytest.approx(1, abs=0.01), 0)
