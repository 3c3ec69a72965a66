"""Parity tests, step to training: impl_jax against the oracle."""

from collections.abc import Iterator
from itertools import product

import jax
import numpy as np
import pytest

from impl_jax.hamiltonians import HAMILTONIANS
from impl_jax.hamiltonians.nonlinear import log_cosh
from impl_jax.integrators import INTEGRATORS
from impl_jax.learner import make_learner, unit_gradients
from rhelbench.oracle import learner as oracle
from rhelbench.oracle.hamiltonians import HAMILTONIANS as ORACLE_HAMILTONIANS
from rhelbench.oracle.integrators import INTEGRATORS as ORACLE_INTEGRATORS
from rhelbench.parameters import initial_parameters
from rhelbench.registry import ALGORITHMS, MODELS
from rhelbench.spec import Nudge
from tests.impl_jax.models import RELEASED, SHAPES, UNITS, above, make_data, make_spec, make_switches, make_unit, worst
from tests.tolerances import GRADIENT, LOGITS, ONE_STEP, TRAINED
from tests.verify.arrays import flat

PLAN = np.random.default_rng(4).integers(0, 8, (50, 4)).astype(np.int32)
NUDGES = {"absolute": Nudge(mode="absolute", size=0.1), "relative": Nudge(mode="relative", size=1e-3)}


@pytest.fixture(autouse=True)
def _float64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def values(name: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return θ and δ of a Hamiltonian, five lanes."""
    rng = np.random.default_rng(1)
    if name == "linear":
        return {"A": rng.uniform(0, 1, 5)}, rng.uniform(0.1, 0.9, 5)
    theta = {"w": rng.uniform(0.5, 1, 5), "b": rng.normal(size=5), "c_tilde": rng.uniform(0.3, 0.7, 5)}
    return theta | {"alpha": np.array(0.6)}, np.array(0.3)


def on_device(arrays: dict[str, np.ndarray]) -> dict[str, jax.Array]:
    return {name: jax.numpy.asarray(value) for name, value in arrays.items()}


def all_close(found: object, reference: object) -> bool:
    """Return whether two trees of arrays agree to L1's tolerance."""
    errors = jax.tree.map(lambda a, b: worst(np.asarray(a), b), found, reference)
    return max(jax.tree.leaves(errors)) < ONE_STEP


@pytest.mark.parametrize("scale", [1e-6, 1e-2, 1.0, 30.0])
@pytest.mark.parametrize("name", HAMILTONIANS)
def test_energies_forces_and_contrasts(name: str, scale: float) -> None:
    """L1. The scale of d, the half difference, runs from a usual nudge to one that saturates every tanh."""
    theta, _ = values(name)
    rng = np.random.default_rng(2)
    phi, f = 5 * rng.normal(size=(2, 3, 5))
    d = scale * rng.normal(size=(3, 5))
    ours, judge, th = HAMILTONIANS[name], ORACLE_HAMILTONIANS[name], on_device(theta)
    x, half, drive = (jax.numpy.asarray(value) for value in (phi, d, f))
    assert (ours.parameters, ours.closed_forms, ours.released_at) == (judge.parameters, judge.closed_forms, judge.released_at)
    assert all_close(ours.potential(th, x, drive), judge.potential(theta, phi, f))
    assert all_close(ours.force(th, x, drive), judge.force(theta, phi, f))
    assert all_close((ours.kinetic(x), ours.velocity(x)), (judge.kinetic(phi), judge.velocity(phi)))
    assert all_close(ours.pair_force(th, x, half, drive), judge.pair_force(theta, phi, d, f))
    assert all_close(ours.half_contrasts(th, x, half, drive), judge.half_contrasts(theta, phi, d, f))
    assert float(ours.steepness(th)) == judge.steepness(theta)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_log_cosh_neither_overflows_nor_loses_digits(dtype: str) -> None:
    big, small = np.array([1e3, -1e30], dtype), np.array([1e-3, -1e-3], dtype)
    assert np.asarray(log_cosh(jax.numpy.asarray(big))) == pytest.approx(np.abs(big.astype(float)) - np.log(2), rel=1e-6)
    exact = small.astype(float) ** 2 / 2 - small.astype(float) ** 4 / 12
    assert np.asarray(log_cosh(jax.numpy.asarray(small))) == pytest.approx(exact, rel=4 * float(np.finfo(dtype).eps))
    assert np.asarray(jax.vmap(jax.grad(log_cosh))(jax.numpy.asarray(big))).tolist() == [1.0, -1.0]


@pytest.mark.parametrize("integrator", INTEGRATORS)
@pytest.mark.parametrize("name", HAMILTONIANS)
def test_one_step(name: str, integrator: str) -> None:
    """L1."""
    theta, delta = values(name)
    phi, pi, d, d_pi, f = np.random.default_rng(3).normal(size=(5, 3, 5))
    ours, judge, h, other = INTEGRATORS[integrator], ORACLE_INTEGRATORS[integrator], HAMILTONIANS[name], ORACLE_HAMILTONIANS[name]
    th, step = on_device(theta), jax.numpy.asarray(delta)
    x, p, half, half_p, drive = (jax.numpy.asarray(value) for value in (phi, pi, d, d_pi, f))
    assert all_close(flat(ours.step(h, th, step, x, p, drive)), flat(judge.step(other, theta, delta, phi, pi, f)))
    pairs = ours.pair_step(h, th, step, (x, p), (half, half_p), drive)
    assert all_close(flat(pairs), flat(judge.pair_step(other, theta, delta, (phi, pi), (d, d_pi), f)))


@pytest.mark.parametrize("nudge", NUDGES)
@pytest.mark.parametrize(
    ("model", "algorithm", "integrator"),
    [
        row
        for row in product(UNITS, ALGORITHMS, INTEGRATORS)
        if not ALGORITHMS[row[1]].random and (row[0] == "nonlinear" or row[2] == "leapfrog")
    ],
)
def test_one_unit(model: str, algorithm: str, integrator: str, nudge: str) -> None:
    """L3 for a unit alone, 24 steps: output, every gradient, that of the input; every rule with either step."""
    if "rhel" not in algorithm and nudge == "relative":
        pytest.skip(f"{algorithm} has no nudge")
    switches = make_switches(algorithm, integrator=integrator, nudge=NUDGES[nudge], c_squash=2)
    raw = make_unit(model)
    u, bar = np.random.default_rng(5).normal(size=(2, 24, 2, 4))
    y, found = unit_gradients(model, switches, raw, u, bar)
    reference_y, reference = oracle.unit_gradients(model, switches, raw, u, bar)
    assert worst(y, reference_y) < LOGITS
    assert above(found, reference, GRADIENT) == {}


STACKS = [
    ("linear-real", "bptt", "classification", {}),
    ("linear-real", "rhel", "classification", {}),
    ("linear", "rhel", "regression", {}),
    ("linear", "rhel_released", "classification", RELEASED),
    ("nonlinear", "bptt", "regression", {}),
    ("nonlinear", "rhel", "classification", {}),
    ("nonlinear", "rhel_released", "classification", RELEASED | {"integrator": "leapfrog_released"}),
    ("memoryless", "bptt", "classification", {}),
]


@pytest.mark.parametrize(("model", "algorithm", "kind", "changes"), STACKS)
def test_stack(model: str, algorithm: str, kind: str, changes: dict[str, object]) -> None:
    """L2 to L4: gradients at the start, fifty optimiser steps in lockstep, the whole state after them, logits."""
    spec, shape = make_spec(model, algorithm, **changes), SHAPES[kind]
    x, y = make_data(shape)
    ours, judge = make_learner(spec, shape), oracle.make_learner(spec, shape)
    for learner in (ours, judge):
        learner.init(initial_parameters(spec, shape), dropout_seed=7)
    inputs, targets = ours.put(x), ours.put(y)
    loss, found = ours.gradients(inputs, targets)
    judged_loss, judged = judge.gradients(x, y)
    assert loss == pytest.approx(judged_loss, rel=LOGITS)
    assert above(found, judged, GRADIENT) == {}
    assert worst(ours.train_chunk(inputs, targets, PLAN), judge.train_chunk(x, y, PLAN)) < TRAINED
    assert above(ours.state(), judge.state(), TRAINED) == {}
    ours.restore(judge.state())
    assert worst(ours.predict(inputs), judge.predict(x)) < LOGITS
    if MODELS[model].paired:
        assert ours.fidelity(inputs) == pytest.approx(judge.fidelity(x), abs=1e-12)
