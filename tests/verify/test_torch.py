"""Parity tests, step to training: impl_torch against the oracle."""

import numpy as np
import pytest
import torch

from impl_torch.algorithms import ALGORITHMS
from impl_torch.hamiltonians import HAMILTONIANS
from impl_torch.integrators import INTEGRATORS
from impl_torch.learner import make_learner
from rhelbench import registry
from rhelbench.oracle import learner as oracle
from rhelbench.oracle.hamiltonians import HAMILTONIANS as ORACLE_HAMILTONIANS
from rhelbench.oracle.integrators import INTEGRATORS as ORACLE_INTEGRATORS
from rhelbench.parameters import initial_parameters
from tests.impl_torch.models import SHAPES, make_data, make_spec, worst
from tests.tolerances import GRADIENT, LOGITS, ONE_STEP, TRAINED
from tests.verify.arrays import flat

MODELS = ("linear-real", "linear", "nonlinear", "memoryless")
RELEASED = {"norm": "ema_released", "loss": "log_offset", "c_squash": 2, "protocol": "released"}
PLAN = np.array([[0, 1, 2, 3], [4, 5, 6, 7]], np.int32)


def values(name: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return θ and δ of a Hamiltonian, five lanes."""
    rng = np.random.default_rng(1)
    if name == "linear":
        return {"A": rng.uniform(0, 1, 5)}, rng.uniform(0.1, 0.9, 5)
    theta = {"w": rng.uniform(0.5, 1, 5), "b": rng.normal(size=5), "c_tilde": rng.uniform(0.3, 0.7, 5)}
    return theta | {"alpha": np.array(0.6)}, np.array(0.3)


def tensors(arrays: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(np.asarray(value)) for name, value in arrays.items()}


@pytest.mark.parametrize("scale", [1e-6, 1e-2, 1.0, 30.0])
@pytest.mark.parametrize("name", HAMILTONIANS)
def test_energies_forces_and_contrasts(name: str, scale: float) -> None:
    """L1. The scale of d, the half difference, runs from a usual nudge to one that saturates every tanh."""
    theta, _ = values(name)
    rng = np.random.default_rng(2)
    phi, f = 5 * rng.normal(size=(2, 3, 5))
    d = scale * rng.normal(size=(3, 5))
    ours, judge, t = HAMILTONIANS[name], ORACLE_HAMILTONIANS[name], torch.from_numpy
    assert ours.parameters == judge.parameters
    assert worst(ours.potential(tensors(theta), t(phi), t(f)).numpy(), judge.potential(theta, phi, f)) < ONE_STEP
    assert worst(ours.force(tensors(theta), t(phi), t(f)).numpy(), judge.force(theta, phi, f)) < ONE_STEP
    assert worst(ours.kinetic(t(phi)).numpy(), judge.kinetic(phi)) < ONE_STEP
    found, reference = ours.pair_force(tensors(theta), t(phi), t(d), t(f)), judge.pair_force(theta, phi, d, f)
    assert max(worst(a.numpy(), b) for a, b in zip(found, reference, strict=True)) < ONE_STEP
    of_theta, of_f, of_v = ours.half_contrasts(tensors(theta), t(phi), t(d), t(f))
    judged, judged_f, judged_v = judge.half_contrasts(theta, phi, d, f)
    assert {letter: worst(of_theta[letter].numpy(), judged[letter]) < ONE_STEP for letter in judged} == dict.fromkeys(
        judged, True
    )
    assert worst(of_f.numpy(), judged_f) < ONE_STEP
    assert worst(of_v.numpy(), judged_v) < ONE_STEP


@pytest.mark.parametrize("integrator", INTEGRATORS)
@pytest.mark.parametrize("name", HAMILTONIANS)
def test_one_step(name: str, integrator: str) -> None:
    """L1."""
    theta, delta = values(name)
    phi, pi, d, d_pi, f = np.random.default_rng(3).normal(size=(5, 3, 5))
    ours, judge, t = INTEGRATORS[integrator], ORACLE_INTEGRATORS[integrator], torch.from_numpy
    h, reference_h, th, de = HAMILTONIANS[name], ORACLE_HAMILTONIANS[name], tensors(theta), torch.from_numpy(delta)
    found = ours.step(h, th, de, t(phi), t(pi), t(f))
    for a, b in zip(flat(found), flat(judge.step(reference_h, theta, delta, phi, pi, f)), strict=True):
        assert worst(np.asarray(a), b) < ONE_STEP
    pairs = ours.pair_step(h, th, de, (t(phi), t(pi)), (t(d), t(d_pi)), t(f))
    for a, b in zip(flat(pairs), flat(judge.pair_step(reference_h, theta, delta, (phi, pi), (d, d_pi), f)), strict=True):
        assert worst(np.asarray(a), b) < ONE_STEP


def settings(model: str, algorithm: str, kind: str) -> dict[str, object]:
    """Return the changes of a spec: the regression cases run under the released switches, so that both sides are covered."""
    released = kind == "regression" or algorithm == "rhel_released"
    integrator = "leapfrog_released" if released and model == "nonlinear" else "leapfrog"
    return (RELEASED if released else {}) | {"integrator": integrator}


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("algorithm", [name for name in ALGORITHMS if not registry.ALGORITHMS[name].random])
@pytest.mark.parametrize("model", MODELS)
def test_model(model: str, algorithm: str, kind: str) -> None:
    """L2, L3, and L4 for one step: logits, every gradient before and after a step, the whole state, the echo's fidelity."""
    spec, shape = make_spec(model, algorithm, **settings(model, algorithm, kind)), SHAPES[kind]
    x, y = make_data(shape)
    ours, judge = make_learner(spec, shape), oracle.make_learner(spec, shape)
    for learner in (ours, judge):
        learner.init(initial_parameters(spec, shape), dropout_seed=7)
    for trained in (False, True):
        if trained:
            losses = ours.train_chunk(ours.put(x), ours.put(y), PLAN[:1])
            assert worst(losses, judge.train_chunk(x, y, PLAN[:1])) < TRAINED
        value, found = ours.gradients(ours.put(x[2:6]), ours.put(y[2:6]))
        reference_value, reference = judge.gradients(x[2:6], y[2:6])
        assert value == pytest.approx(reference_value, rel=LOGITS)
        tolerance = TRAINED if trained else GRADIENT
        assert {path: e for path in reference if (e := worst(found[path], reference[path])) > tolerance} == {}
        assert found.keys() == reference.keys()
    state, reference = ours.state(), judge.state()
    assert state.keys() == reference.keys()
    assert {name: e for name in reference if (e := worst(state[name], reference[name])) > TRAINED} == {}
    assert worst(ours.predict(ours.put(x)), judge.predict(x)) < TRAINED
    assert ours.fidelity(ours.put(x)) == pytest.approx(judge.fidelity(x), abs=1e-12)
