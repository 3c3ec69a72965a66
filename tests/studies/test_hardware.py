"""A perfect machine gives BPTT's gradient; friction gives the slope of its own loss."""

import numpy as np
import pytest

from rhelbench.oracle.algorithms import ALGORITHMS
from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.integrators import INTEGRATORS
from rhelbench.oracle.recurrence import reduce_theta
from rhelbench.spec import Nudge
from rhelbench.studies import units
from rhelbench.studies.hardware import Imperfections, estimate, truth
from tests.tolerances import GRADIENT


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
