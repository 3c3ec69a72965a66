"""A perfect machine gives BPTT's gradient in three passes whatever its size; imperfections cost what the published table says."""

import numpy as np
import pandas as pd
import pytest

from rhelbench.oracle.algorithms import ALGORITHMS
from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.integrators import INTEGRATORS
from rhelbench.oracle.recurrence import reduce_theta
from rhelbench.spec import Nudge
from rhelbench.studies import imperfect_hardware, passes, units
from rhelbench.studies.hardware import Imperfections, estimate, truth
from tests.tolerances import GRADIENT

PUBLISHED = "results/published/static"


@pytest.mark.parametrize("name", HAMILTONIANS)
def test_a_perfect_machine_is_rhel_and_its_truth_is_bptt(name: str):
    theta, delta, f, g = units.draw(name, 30, 0.1, P=3).one(0)
    found = {}
    for algorithm in ("bptt", "rhel_separate"):
        nudge = Nudge(mode="absolute", size=10.0)
        gradients = ALGORITHMS[algorithm](HAMILTONIANS[name], INTEGRATORS["leapfrog"], nudge, theta, delta, f, f)[1](g)
        found[algorithm] = {**gradients.theta, "f": gradients.f}
    given = HAMILTONIANS[name], theta, delta, f, g
    machine = Imperfections()
    ours = {"bptt": truth(machine, *given)}
    ours["rhel_separate"] = estimate(machine, *given, np.array(10.0), np.random.default_rng(0))
    for algorithm, wanted in found.items():
        of_theta = reduce_theta({letter: ours[algorithm][letter] for letter in theta}, theta)
        for letter, value in {**of_theta, "f": ours[algorithm]["f"]}.items():
            assert np.abs(value - wanted[letter]).max() <= GRADIENT * np.abs(wanted[letter]).max(), (algorithm, letter)


def test_each_imperfection_does_something_and_none_does_nothing():
    levels = dict.fromkeys(imperfect_hardware.LEVELS, (0.05,))
    found = imperfect_hardware.compute(length=40, draws=2, levels=levels)["imperfect_hardware"]
    perfect = found[(found.level == 0) & (found.rho == 0.01)]
    assert (perfect.lowest > 1 - 1e-6).all()
    worst = found[(found.level > 0) & (found.rho == 0.01)].groupby("imperfection").lowest.min()
    assert set(worst.index) == set(levels)
    assert (worst < 0.9999).all()


def test_the_truth_of_a_machine_with_friction_is_the_slope_of_its_loss():
    from rhelbench.studies.hardware import forward

    theta, delta, f, g = units.draw("nonlinear", 20, 0.1, P=2).one(0)
    machine, unit = Imperfections(friction=0.05), HAMILTONIANS["nonlinear"]
    found = truth(machine, unit, theta, delta, f, g)["w"].sum(0)
    for p in range(2):
        ends = []
        for step in (1e-5, -1e-5):
            moved = theta | {"w": theta["w"] + step * (np.arange(2) == p)}
            ends.append(float(np.sum(g * forward(machine, unit, moved, delta, f)[0][1:])))
        assert (ends[0] - ends[1]) / 2e-5 == pytest.approx(found[p], rel=1e-6)


def test_three_passes_and_no_second_derivative_whatever_the_size():
    for table in (passes.compute(20, (1, 5))["passes"], pd.read_csv(f"{PUBLISHED}/passes.csv")):
        echo, plain = table[table.algorithm == "rhel_separate"], table[table.algorithm == "bptt"]
        assert (echo.passes == 3).all()
        assert (echo.second == 0).all()
        assert (plain.second > 0).all()
        assert echo.parameters.max() > 3 * echo.parameters.min()


def test_the_published_machine_tolerates_what_its_caption_says():
    data = pd.read_csv(f"{PUBLISHED}/imperfect_hardware.csv")
    middle = data.groupby(["imperfection", "level", "rho"]).cosine.median()
    assert middle["friction", 1e-3].min() > 0.98
    assert middle["friction", 1e-2].max() < 0.5
    assert middle["readout", 1e-1, 1.0] > 0.9 > middle["readout", 1e-1, 0.01]
