"""The probe of every framework gives the oracle's gradients."""

import numpy as np
import pytest

from rhelbench.registry import ALGORITHMS, FRAMEWORKS, INTEGRATORS
from rhelbench.studies import units
from tests.tolerances import ECHO, GRADIENT, REVERSIBLE

PROBES = [name for name, entry in FRAMEWORKS.items() if entry.probe]


@pytest.mark.parametrize("framework", PROBES)
@pytest.mark.parametrize("hamiltonian", ["linear", "nonlinear"])
def test_a_probe_gives_the_oracles_gradients(framework: str, hamiltonian: str):
    from rhelbench.oracle.algorithms import ALGORITHMS as ORACLE
    from rhelbench.oracle.hamiltonians import HAMILTONIANS
    from rhelbench.oracle.integrators import INTEGRATORS as STEPPERS
    from rhelbench.spec import Nudge

    drawn = units.draw(hamiltonian, 30, 0.1, draws=2, P=3)
    for algorithm in (name for name, entry in ALGORITHMS.items() if not entry.random):
        found = units.gradients(framework, drawn, algorithm, "float64", "relative", [1e-2, 1e-1])
        for r, e in ((0, 0), (1, 1)):
            theta, delta, f, g = drawn.one(r)
            nudge = Nudge(mode="relative", size=(1e-2, 1e-1)[e])
            _, backward = ORACLE[algorithm](HAMILTONIANS[hamiltonian], STEPPERS["leapfrog"], nudge, theta, delta, f, f)
            wanted = backward(g)
            for name, value in {**wanted.theta, "delta": wanted.delta, "f": wanted.f, "f_B": wanted.f_B}.items():
                scale = np.abs(value).max() or 1.0
                assert np.abs(found[name][r, e] - value).max() <= GRADIENT * scale, (algorithm, name)


@pytest.mark.parametrize("framework", PROBES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_probe_retraces_the_path_or_says_how_far_off_it_is(framework: str, dtype: str):
    for hamiltonian in ECHO:
        drawn = units.draw(hamiltonian, 50, 0.1, P=3)
        exact, *others = (units.retrace(framework, drawn, integrator, dtype) for integrator in INTEGRATORS)
        assert exact.shape == (50,)
        assert exact.max() < REVERSIBLE * (1 if dtype == "float64" else 1e8)
        assert others[0].max() > 1e-3
