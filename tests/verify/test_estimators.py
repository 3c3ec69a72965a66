"""Estimators beside RHEL, in every implementation: the exact ones are BPTT, the random ones BPTT on average."""

from collections.abc import Callable
from functools import cache

import jax
import numpy as np
import pytest
import torch

import impl_jax.algorithms
import impl_jax.hamiltonians
import impl_jax.integrators
import impl_torch.algorithms
import impl_torch.hamiltonians
import impl_torch.integrators
from rhelbench import registry
from rhelbench.oracle.algorithms import ALGORITHMS
from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.integrators import INTEGRATORS
from tests.oracle.draws import RELATIVE, relative_error
from tests.oracle.test_algorithms import parts, problem, run
from tests.tolerances import UNBIASED

RANDOM = [name for name, entry in registry.ALGORITHMS.items() if entry.random]

EXACT = ("bptt_checkpointed", "bptt_reversible", "rtrl")
#: Trials of a random estimator, and equal samples of each: every sample draws for itself.
TRIALS, SAMPLES = 40, 400
Named = dict[str, np.ndarray]


def by_oracle(algorithm: str, hamiltonian: str, theta: Named, delta: np.ndarray, f: np.ndarray, g: np.ndarray) -> Named:
    return parts(run(algorithm, hamiltonian, "leapfrog", theta, delta, f, g)[1])


@cache
def compiled(algorithm: str, hamiltonian: str) -> Callable[..., tuple]:
    """Return the gradients of one unit in JAX, compiled once for all trials."""
    setting = impl_jax.hamiltonians.HAMILTONIANS[hamiltonian], impl_jax.integrators.INTEGRATORS["leapfrog"], RELATIVE

    def gradients(theta: dict, delta: jax.Array, f: jax.Array, g: jax.Array) -> tuple:
        def trajectory(theta: dict, delta: jax.Array, f: jax.Array, f_B: jax.Array) -> jax.Array:
            return impl_jax.algorithms.ALGORITHMS[algorithm](*setting, theta, delta, f, f_B)

        return jax.vjp(trajectory, theta, delta, f, f)[1](g)

    return jax.jit(gradients)


def by_jax(algorithm: str, hamiltonian: str, theta: Named, delta: np.ndarray, f: np.ndarray, g: np.ndarray) -> Named:
    with jax.enable_x64(True):
        given = jax.tree.map(jax.numpy.asarray, (theta, delta, f, g))
        of_theta, of_delta, of_f, of_f_B = compiled(algorithm, hamiltonian)(*given)
    named = {**of_theta, "delta": of_delta, "f": of_f, "f_B": of_f_B}
    return {name: np.asarray(value) for name, value in named.items()}


def by_torch(algorithm: str, hamiltonian: str, theta: Named, delta: np.ndarray, f: np.ndarray, g: np.ndarray) -> Named:
    leaves = {name: torch.tensor(value).requires_grad_() for name, value in {**theta, "delta": delta, "f": f, "f_B": f}.items()}
    setting = impl_torch.hamiltonians.HAMILTONIANS[hamiltonian], impl_torch.integrators.INTEGRATORS["leapfrog"], RELATIVE
    own = {name: leaves[name] for name in theta}
    phi = impl_torch.algorithms.ALGORITHMS[algorithm](*setting, own, leaves["delta"], leaves["f"], leaves["f_B"])
    grads = torch.autograd.grad(phi, list(leaves.values()), torch.from_numpy(g))
    return {name: grad.numpy() for name, grad in zip(leaves, grads, strict=True)}


WAYS: dict[str, Callable[..., Named]] = {"numpy": by_oracle, "jax": by_jax, "torch": by_torch}


def test_the_registry_says_which_draw():
    assert set(registry.ALGORITHMS) == {"bptt", "rhel", "rhel_separate", "rhel_released", *EXACT, *RANDOM}


@pytest.mark.parametrize("K", [2, 7, 100])
@pytest.mark.parametrize("hamiltonian", HAMILTONIANS)
@pytest.mark.parametrize("algorithm", EXACT)
def test_the_exact_ones_are_bptt(algorithm, hamiltonian, K):
    """Any length, whole squares or not; the frameworks' own are held to the oracle's by the parity tests."""
    x = problem(hamiltonian, K=K)
    found, reference = by_oracle(algorithm, hamiltonian, *x), by_oracle("bptt", hamiltonian, *x)
    assert {name: relative_error(found[name], value) for name, value in reference.items()} == pytest.approx(
        dict.fromkeys(reference, 0), abs=1e-12
    )


def test_checkpointing_changes_no_bit():
    x = problem("nonlinear", K=50)
    for name, value in by_oracle("bptt_checkpointed", "nonlinear", *x).items():
        np.testing.assert_array_equal(value, by_oracle("bptt", "nonlinear", *x)[name])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("hamiltonian", HAMILTONIANS)
@pytest.mark.parametrize("algorithm", RANDOM)
def test_the_random_ones_are_right_on_average(algorithm, hamiltonian, way):
    """Mean over draws within its standard error of BPTT; g is doubled from trial to trial, so that each draws anew."""
    theta, delta, f, g = problem(hamiltonian, K=5, n=1, P=3, delta=0.4)
    reference = by_oracle("bptt", hamiltonian, theta, delta, f, g)
    f, g = np.repeat(f, SAMPLES, 1), np.repeat(g, SAMPLES, 1)
    trials = []
    for i in range(TRIALS):
        found = WAYS[way](algorithm, hamiltonian, theta, delta, f, g * 2.0**i)
        means = {name: v.mean(1, keepdims=True) if name in ("f", "f_B") else v / SAMPLES for name, v in found.items()}
        trials.append({name: value / 2.0**i for name, value in means.items()})
    for name, value in reference.items():
        drawn = np.array([trial[name] for trial in trials])
        error = drawn.std(0, ddof=1) / np.sqrt(TRIALS)
        assert (error > 0).all(), "every trial drew the same"
        assert np.abs((drawn.mean(0) - value) / error).max() < UNBIASED, name


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("algorithm", RANDOM)
def test_the_same_gradient_draws_the_same(algorithm, way):
    x = problem("linear", K=5)
    first, second = (WAYS[way](algorithm, "linear", *x) for _ in range(2))
    for name, value in first.items():
        np.testing.assert_array_equal(second[name], value)


def test_lost_states_spoil_reversible_bptt_as_they_spoil_an_echo():
    theta, delta, f, g = problem("nonlinear", K=100)
    setting = HAMILTONIANS["nonlinear"], INTEGRATORS["leapfrog_released"], RELATIVE, theta, delta, f, f
    reference, found = (parts(ALGORITHMS[name](*setting)[1](g)) for name in ("bptt", "bptt_reversible"))
    assert relative_error(found["w"], reference["w"]) > 0.1
