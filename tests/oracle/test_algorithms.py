"""BPTT against complex steps; RHEL against BPTT, as the theorems say and as the released rule is biased."""

import numpy as np
import pytest

from rhelbench.oracle.algorithms import ALGORITHMS
from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.hamiltonians.linear import Linear
from rhelbench.oracle.integrators import INTEGRATORS
from rhelbench.oracle.interface import Gradients
from rhelbench.oracle.nudge import epsilon
from rhelbench.registry import unit_model
from rhelbench.spec import Nudge
from tests.oracle.draws import RELATIVE, raw_unit, relative_error
from tests.tolerances import ECHO, ONE_STEP

PAIRS = [(h, i) for h in HAMILTONIANS for i in INTEGRATORS]
ECHOES = ("rhel", "rhel_separate")


def problem(name: str, K: int = 30, n: int = 3, P: int = 4, delta: float = 0.1, g_size: float = 1e-2, seed: int = 7):
    """Return θ, δ, drive (K, n, P) and incoming gradients of one size."""
    rng = np.random.default_rng(seed)
    theta, step = HAMILTONIANS[name].physical(raw_unit(unit_model(name), 3, P, seed=seed, delta=delta), 1)
    return theta, step, rng.standard_normal((K, n, P)), g_size * rng.standard_normal((K, n, P))


def run(algorithm: str, hamiltonian: str, integrator: str, theta, delta, f, g, nudge=RELATIVE) -> tuple[np.ndarray, Gradients]:
    phi, backward = ALGORITHMS[algorithm](HAMILTONIANS[hamiltonian], INTEGRATORS[integrator], nudge, theta, delta, f, f)
    return phi, backward(g)


def parts(gradients: Gradients) -> dict[str, np.ndarray]:
    """Return every gradient of a trajectory by name."""
    return {**gradients.theta, "delta": gradients.delta, "f": gradients.f, "f_B": gradients.f_B}


def errors(ours: Gradients, reference: Gradients) -> dict[str, float]:
    return {name: relative_error(value, parts(reference)[name]) for name, value in parts(ours).items()}


@pytest.mark.parametrize(("hamiltonian", "integrator"), PAIRS)
def test_bptt_is_the_derivative_for_every_entry_of_everything(hamiltonian, integrator):
    theta, delta, f, g = problem(hamiltonian, K=8, n=2, P=3)
    _, gradients = run("bptt", hamiltonian, integrator, theta, delta, f, g)
    inputs = {**theta, "delta": delta, "f": f}
    for name, value in inputs.items():
        by_step = np.empty(np.shape(value))
        for index in np.ndindex(np.shape(value)):
            moved = np.array(value, dtype=complex)
            moved[index] += 1e-30j
            x = inputs | {name: moved}
            moved_theta = {letter: x[letter] for letter in theta}
            H, step = HAMILTONIANS[hamiltonian], INTEGRATORS[integrator]
            phi, _ = ALGORITHMS["bptt"](H, step, RELATIVE, moved_theta, x["delta"], x["f"], x["f"])
            by_step[index] = np.sum(phi * g).imag / 1e-30
        assert relative_error(parts(gradients)[name], by_step) < ONE_STEP, name
    np.testing.assert_array_equal(gradients.f, gradients.f_B)


@pytest.mark.parametrize(("hamiltonian", "integrator"), PAIRS)
def test_all_algorithms_go_forward_to_the_same_bits(hamiltonian, integrator):
    x = problem(hamiltonian)
    reference, gradients = run("bptt", hamiltonian, integrator, *x)
    for algorithm in ALGORITHMS:
        phi, ours = run(algorithm, hamiltonian, integrator, *x)
        np.testing.assert_array_equal(phi, reference)
        assert {k: v.shape for k, v in parts(ours).items()} == {k: v.shape for k, v in parts(gradients).items()}


@pytest.mark.parametrize("nudge", [RELATIVE, Nudge(mode="relative", size=1e-2), Nudge(mode="absolute", size=0.1)])
@pytest.mark.parametrize("algorithm", ECHOES)
def test_the_echo_of_a_quadratic_unit_is_bptt_at_any_nudge(algorithm, nudge):
    x = problem("linear", K=405)
    worst = errors(run(algorithm, "linear", "leapfrog", *x, nudge)[1], run("bptt", "linear", "leapfrog", *x)[1])
    assert max(worst.values()) < ECHO["linear"], worst


@pytest.mark.parametrize("K", [30, 405, 896])
def test_the_echo_of_a_nonlinear_unit_is_bptt_up_to_truncation(K):
    """Every draw at ρ = 1e-4; at ρ = 1e-3 truncation is a hundred times larger, and the median over draws is judged."""
    found = []
    for seed in range(5):
        x = problem("nonlinear", K=K, n=1, P=16, seed=seed)
        reference = run("bptt", "nonlinear", "leapfrog", *x)[1]
        fine = errors(run("rhel", "nonlinear", "leapfrog", *x, Nudge(mode="relative", size=1e-4))[1], reference)
        assert max(fine.values()) < ECHO["nonlinear"], (seed, fine)
        found.append(errors(run("rhel", "nonlinear", "leapfrog", *x)[1], reference))
    medians = {name: np.median([at[name] for at in found]) for name in found[0]}
    assert max(medians.values()) < (ECHO["nonlinear"] if K >= 405 else 4 * ECHO["nonlinear"]), medians


def test_the_pair_loses_no_digits_however_small_the_nudge():
    x = problem("nonlinear", K=405)
    reference = run("bptt", "nonlinear", "leapfrog", *x)[1]
    for size in (1e-6, 1e-8, 1e-12):
        worst = errors(run("rhel", "nonlinear", "leapfrog", *x, Nudge(mode="relative", size=size))[1], reference)
        assert max(worst.values()) < 1e-11, (size, worst)


@pytest.mark.parametrize("algorithm", ECHOES)
def test_the_error_of_a_nonlinear_echo_falls_as_the_square_of_the_nudge_over_four_decades(algorithm):
    x = problem("nonlinear", K=30)
    reference = run("bptt", "nonlinear", "leapfrog", *x)[1]
    sizes = [10**e for e in (-0.5, -1.5, -2.5, -3.5, -4.5)]
    found = [errors(run(algorithm, "nonlinear", "leapfrog", *x, Nudge(mode="relative", size=s))[1], reference) for s in sizes]
    for name in found[0]:
        decades = -np.diff([np.log10(errors_at[name]) for errors_at in found])
        assert np.polyfit(np.log10(sizes), [np.log10(at[name]) for at in found], 1)[0] == pytest.approx(2, abs=0.05), name
        np.testing.assert_allclose(decades, 2, atol=0.1, err_msg=name)


@pytest.mark.parametrize("hamiltonian", HAMILTONIANS)
def test_the_echo_pair_is_two_separate_echoes(hamiltonian):
    x = problem(hamiltonian)
    nudge = Nudge(mode="relative", size=0.3)
    worst = errors(
        run("rhel", hamiltonian, "leapfrog", *x, nudge)[1], run("rhel_separate", hamiltonian, "leapfrog", *x, nudge)[1]
    )
    assert max(worst.values()) < ONE_STEP, worst


def test_without_closed_forms_rhel_runs_two_separate_echoes():
    class Opaque(Linear):
        closed_forms = False

    theta, delta, f, g = problem("linear")
    backward = ALGORITHMS["rhel"](Opaque(), INTEGRATORS["leapfrog"], RELATIVE, theta, delta, f, f)[1]
    separate = parts(run("rhel_separate", "linear", "leapfrog", theta, delta, f, g)[1])
    for name, value in parts(backward(g)).items():
        np.testing.assert_array_equal(value, separate[name])


@pytest.mark.parametrize("size", [1e-1, 1e-3])
def test_the_released_rule_is_biased_for_the_linear_unit_but_for_the_input(size):
    x = problem("linear", K=50)
    nudge = Nudge(mode="absolute", size=size)
    worst = errors(run("rhel_released", "linear", "leapfrog", *x, nudge)[1], run("bptt", "linear", "leapfrog", *x)[1])
    assert worst["f"] < 1e-9
    assert min(worst[name] for name in ("A", "delta", "f_B")) > 1e-3, worst


def test_the_released_rule_gives_a_nonlinear_unit_no_gradient_for_its_step():
    x = problem("nonlinear")
    released, exact = run("rhel_released", "nonlinear", "leapfrog", *x)[1], run("rhel_separate", "nonlinear", "leapfrog", *x)[1]
    assert released.delta == 0
    assert exact.delta != 0
    for letter in released.theta:
        np.testing.assert_array_equal(released.theta[letter], exact.theta[letter])


def test_an_irreversible_integrator_spoils_the_echo():
    x = problem("nonlinear", K=100)
    worst = errors(run("rhel", "nonlinear", "leapfrog_released", *x)[1], run("bptt", "nonlinear", "leapfrog_released", *x)[1])
    assert worst["w"] > 0.1


def test_a_relative_nudge_has_the_size_of_its_definition():
    g = np.zeros((4, 3, 2))
    g[:, 0], g[2, 1, 1] = 0.5, 3.0
    eps = epsilon(Nudge(mode="relative", size=1e-3), 2.0, g)
    np.testing.assert_allclose(eps, [1e-3 / (2 * np.sqrt(4 * 0.25)), 1e-3 / (2 * np.sqrt(4.5)), 1.0], rtol=1e-15)
    np.testing.assert_array_equal(epsilon(Nudge(mode="absolute", size=0.1), 2.0, g), [0.1, 0.1, 0.1])


@pytest.mark.parametrize("exponent", [-300, -37, -21, 0, 19, 25, 150])
def test_a_relative_nudge_holds_at_every_size_of_the_gradient(exponent):
    g = np.full((4, 1, 2), 10.0**exponent)
    (eps,) = epsilon(Nudge(mode="relative", size=1e-6), 1.0, g)
    assert eps == pytest.approx(min(1e-6 / (2 * 10.0**exponent), 2.0**100), rel=1e-14)


def test_a_unit_whose_w_are_all_zero_has_a_finite_nudge():
    (eps,) = epsilon(Nudge(mode="relative", size=1e-6), 0.0, np.ones((4, 1, 2)))
    assert eps == pytest.approx(1e-6 * 2**20 / 2)


@pytest.mark.parametrize("hamiltonian", HAMILTONIANS)
@pytest.mark.parametrize("algorithm", ECHOES)
def test_a_relative_nudge_makes_the_gradient_free_of_the_scale_of_the_loss(algorithm, hamiltonian):
    theta, delta, f, g = problem(hamiltonian)
    g[:, 1] = 0  # a sample without gradient does no harm
    one = run(algorithm, hamiltonian, "leapfrog", theta, delta, f, g)[1]
    small = run(algorithm, hamiltonian, "leapfrog", theta, delta, f, g / 2**30)[1]
    for name, value in parts(small).items():
        np.testing.assert_allclose(value * 2**30, parts(one)[name], rtol=1e-9, atol=1e-12 * np.max(np.abs(parts(one)[name])))
    assert np.all(one.f[:, 1] == 0)
