"""Figure 1: the echo retraces its trajectory, and kicked echoes give the gradient."""

import numpy as np

from rhelbench.studies import echo
from tests.tolerances import REVERSIBLE


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
