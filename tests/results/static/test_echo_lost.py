"""Where echoes are lost: RHEL's float32 gradient is BPTT's wherever the echo comes home, and is lost with it."""

import numpy as np
import pandas as pd

from rhelbench.studies import echo_lost
from rhelbench.training.trainer import ECHO_LOST

PUBLISHED = pd.read_csv("results/published/static/echo_lost.csv")


def test_the_linear_echo_always_comes_home():
    linear = PUBLISHED[PUBLISHED.model == "linear"]
    assert (linear.fidelity < ECHO_LOST).all()
    assert (linear.rhel < 1e-2).all()


def test_a_lost_echo_means_a_lost_gradient_and_a_kept_one_a_gradient():
    nonlinear = PUBLISHED[PUBLISHED.model == "nonlinear"]
    lost = nonlinear.fidelity > ECHO_LOST
    assert lost.any()
    assert (nonlinear[nonlinear.fidelity < ECHO_LOST / 100].rhel < 1e-1).all()
    assert (nonlinear[lost].rhel > 1e-1).all()
    assert (nonlinear[lost].bptt > 1e-1).all()  # where an echo is lost, so is BPTT's own path, in single precision


def test_where_the_echo_is_kept_a_smaller_nudge_gives_most_of_the_gradient_back():
    kept = PUBLISHED[(PUBLISHED.model == "nonlinear") & (PUBLISHED.fidelity < ECHO_LOST) & (PUBLISHED.rhel > 1e-2)]
    assert len(kept)
    assert (kept.rhel_double > 0.5 * kept.rhel).all()  # float64 does not help: it is the nudge
    assert (kept.rhel_small < kept.rhel).all()


def test_the_published_numbers_of_short_runs_are_what_the_code_gives():
    now = echo_lost.compute(lengths=(500,), deltas=(0.1, 1.0))["echo_lost"]
    then = PUBLISHED[(PUBLISHED.length == 500) & PUBLISHED.delta.isin((0.1, 1.0))]
    np.testing.assert_allclose(np.log10(now.fidelity + 1e-12), np.log10(then.fidelity + 1e-12), atol=1)
