"""Figures 1 and 2: the echo retraces its path, and RHEL is the adjoint state method at all times; the published tables say so."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rhelbench.studies import echo, toy
from rhelbench.toy import IMPLEMENTATIONS
from tests.tolerances import CONTINUOUS, CONTINUOUS_ORACLE, REVERSIBLE

PUBLISHED = Path("results/published/static")


def differences(data: pd.DataFrame) -> pd.Series:
    """Largest relative difference of RHEL and the adjoint state method by implementation."""
    return (data.difference / data["size"]).groupby(data.implementation).max()


def test_an_echo_without_kick_comes_home_and_kicked_ones_end_on_either_side():
    ends = echo.compute()["echo"].groupby("path").last()
    assert ends.gap["echo"] < REVERSIBLE * 100
    home, towards, away = (ends.loc[name, ["phi", "pi"]].to_numpy(float) for name in ("echo", "towards", "away"))
    assert (towards - home) @ (away - home) < 0
    assert min(ends.gap["towards"], ends.gap["away"]) > 0.05


def test_the_kicked_echoes_give_the_gradient_of_the_initial_state():
    eps = 1e-5
    ends = echo.compute(eps)["echo"].groupby("path").last()
    # Towards the target is +ε: ΔΦ = Σx (Φe₊ − Φe₋)/2ε = d_x ℓ.
    of_pi, of_phi = (ends.loc["towards", ["phi", "pi"]] - ends.loc["away", ["phi", "pi"]]).to_numpy(float) / (2 * eps)

    def loss(phi: float, pi: float) -> float:
        return (echo._path(phi, pi)[-1, 0] - echo.TARGET) ** 2 / 2

    phi, pi = echo.START
    step = 1e-5
    wanted = (
        (loss(phi + step, pi) - loss(phi - step, pi)) / (2 * step),
        (loss(phi, pi + step) - loss(phi, pi - step)) / (2 * step),
    )
    assert np.allclose((of_phi, of_pi), wanted, rtol=1e-7)


def test_rhel_is_the_adjoint_state_method_at_all_times():
    tables = toy.compute(points=21, implementations=["numpy"])
    assert set(tables["toy"].quantity) == {"forward", "plus", "minus", "costate", "contrast", "asm", "rhel"}
    assert len(tables["toy_differences"]) == 12 + 27
    assert differences(tables["toy_differences"])["numpy"] < CONTINUOUS_ORACLE


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_the_published_differences_are_the_solvers(implementation: str):
    assert differences(pd.read_csv(PUBLISHED / "toy_differences.csv"))[implementation] < CONTINUOUS


def test_the_published_echo_is_what_the_code_gives():
    published, now = pd.read_csv(PUBLISHED / "echo.csv"), echo.compute()["echo"]
    assert list(published.path) == list(now.path)
    assert np.allclose(published[["phi", "pi"]], now[["phi", "pi"]], rtol=0, atol=1e-9)
