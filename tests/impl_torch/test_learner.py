"""What impl_torch promises beyond equality with the oracle: one forward pass, one kept state, exact continuation."""

import dataclasses

import numpy as np
import pytest
import torch

from impl_torch.algorithms import ALGORITHMS
from impl_torch.algorithms import rhel as rhel_module
from impl_torch.dropout import Dropout
from impl_torch.fused import fused
from impl_torch.hamiltonians import HAMILTONIANS
from impl_torch.hamiltonians.nonlinear import Nonlinear
from impl_torch.integrators import INTEGRATORS
from impl_torch.learner import make_learner
from impl_torch.nudge import epsilon
from kernels.passes import find
from rhelbench.errors import UserError
from rhelbench.parameters import initial_parameters
from rhelbench.spec import Nudge
from tests.impl_torch.models import SHAPES, make_data, make_spec, worst

EXACT = Nudge(mode="relative", size=1e-3)
SHAPE = SHAPES["classification"]


def drive(length: int, name: str, dtype: torch.dtype = torch.float64) -> tuple[dict[str, torch.Tensor], ...]:
    """Return θ, {δ, f}, trainable, four lanes, three samples."""
    draw = torch.Generator().manual_seed(length)
    uniform = lambda low, high: low + (high - low) * torch.rand(4, generator=draw, dtype=torch.float64)  # noqa: E731
    theta = {"A": uniform(0, 1)} if name == "linear" else {
        "alpha": torch.tensor(0.6, dtype=torch.float64), "w": uniform(0.5, 1), "b": uniform(-1, 1), "c_tilde": uniform(0.3, 0.7),
    }  # fmt: skip
    rest = {"delta": uniform(0.05, 0.1), "f": torch.randn(length, 3, 4, generator=draw, dtype=torch.float64)}
    ready = lambda values: {k: v.to(dtype).requires_grad_() for k, v in values.items()}  # noqa: E731
    return ready(theta), ready(rest)


@pytest.mark.parametrize("integrator", INTEGRATORS)
@pytest.mark.parametrize("name", HAMILTONIANS)
def test_all_algorithms_share_the_forward_pass(name: str, integrator: str) -> None:
    theta, rest = drive(9, name, torch.float32)
    paths = [
        trajectory(HAMILTONIANS[name], INTEGRATORS[integrator], EXACT, theta, rest["delta"], rest["f"], rest["f"])
        for trajectory in ALGORITHMS.values()
    ]
    assert all(torch.equal(paths[0], path) for path in paths)


@pytest.mark.parametrize("algorithm", ["rhel", "rhel_separate", "rhel_released"])
@pytest.mark.parametrize("name", HAMILTONIANS)
def test_rhel_keeps_one_state(name: str, algorithm: str) -> None:
    """Beside the drive, which is the unit's input, what is saved has the same size at every length."""
    beyond_drive = []
    for length in (5, 50):
        theta, rest = drive(length, name)
        saved: list[torch.Tensor] = []
        with torch.autograd.graph.saved_tensors_hooks(lambda t, s=saved: (s.append(t), t)[1], lambda t: t):
            setting = HAMILTONIANS[name], INTEGRATORS["leapfrog"], EXACT
            ALGORITHMS[algorithm](*setting, theta, rest["delta"], rest["f"], rest["f"])
        storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in saved}
        assert storages.pop(rest["f"].untyped_storage().data_ptr()) == rest["f"].numel() * 8
        beyond_drive.append(sum(storages.values()))
    assert beyond_drive[0] == beyond_drive[1] < 10 * 3 * 4 * 8


@pytest.mark.parametrize("algorithm", ["bptt", "rhel"])
@pytest.mark.parametrize("name", HAMILTONIANS)
def test_gradients_against_finite_differences(name: str, algorithm: str) -> None:
    theta, rest = drive(3, name)
    names, tiny = (*theta, "delta", "f"), Nudge(mode="relative", size=1e-6)

    def routes(*values: torch.Tensor) -> torch.Tensor:
        """Feed f through one route only; gradcheck then compares the whole of its gradient."""
        *of_theta, delta, f = values
        chosen = dict(zip(theta, of_theta, strict=True))
        return ALGORITHMS[algorithm](HAMILTONIANS[name], INTEGRATORS["leapfrog"], tiny, chosen, delta, f, f.detach())

    inputs = [{**theta, **rest}[n] for n in names]
    assert torch.autograd.gradcheck(routes, inputs, eps=1e-5, atol=1e-7, rtol=1e-6)


@pytest.mark.parametrize("name", HAMILTONIANS)
def test_rhel_reaches_bptt_in_single_precision(name: str) -> None:
    """Rounding does not grow with 1/ε: relative L2 error to the float64 BPTT gradient, 405 steps, ρ = 1e-3."""
    found = {}
    for algorithm, dtype in (("bptt", torch.float64), ("rhel", torch.float32)):
        theta, rest = drive(405, name, dtype)
        phi = ALGORITHMS[algorithm](
            HAMILTONIANS[name], INTEGRATORS["leapfrog"], EXACT, theta, rest["delta"], rest["f"], rest["f"].detach()
        )
        g = torch.randn(phi.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64).to(dtype)
        leaves = {**theta, **rest}
        grads = torch.autograd.grad((phi * g).sum() / 1e3, list(leaves.values()))
        found[algorithm] = {name: grad.double() for name, grad in zip(leaves, grads, strict=True)}
    errors = {n: float((found["rhel"][n] - ref).norm() / ref.norm()) for n, ref in found["bptt"].items()}
    assert {n: error for n, error in errors.items() if error > 1e-5} == {}


class Plain(Nonlinear):
    """A unit of the same energy that offers no closed forms."""

    closed_forms = False


def test_without_closed_forms_rhel_runs_two_echoes() -> None:
    grads = []
    for algorithm, hamiltonian in (("rhel", Plain()), ("rhel_separate", Nonlinear())):
        theta, rest = drive(8, "nonlinear")
        phi = ALGORITHMS[algorithm](hamiltonian, INTEGRATORS["leapfrog"], EXACT, theta, rest["delta"], rest["f"], rest["f"])
        grads.append(torch.autograd.grad(phi.square().sum(), [*theta.values(), *rest.values()]))
    assert all(torch.equal(a, b) for a, b in zip(*grads, strict=True))
    assert rhel_module.trajectory is ALGORITHMS["rhel"]


def test_nudge() -> None:
    g = torch.zeros(7, 2, 3)
    g[:, 1] = 1e-30
    assert epsilon(Nudge(mode="absolute", size=0.1), torch.tensor(2.0), g).flatten().tolist() == pytest.approx([0.1, 0.1])
    relative = epsilon(EXACT, torch.tensor(2.0), g).flatten().tolist()
    assert relative == pytest.approx([1.0, 1e-3 / (2 * 7**0.5 * 1e-30)])


@pytest.mark.parametrize("kernel", [ALGORITHMS["rhel"], fused(find("linear", "leapfrog", "rhel"))], ids=["portable", "fused"])
def test_a_gradient_near_the_smallest_number_stays_finite(kernel: object) -> None:
    """A sample answered with certainty sends back 1e-44, of which ρ/‖g‖ is infinite in single precision."""
    found = []
    for size in (1.0, 1e-44):
        theta, rest = drive(8, "linear", torch.float32)
        phi = kernel(HAMILTONIANS["linear"], INTEGRATORS["leapfrog"], EXACT, theta, rest["delta"], rest["f"], rest["f"])  # pyright: ignore[reportCallIssue]
        weight = torch.ones_like(phi)
        weight[:, 0] *= size
        found.append(torch.autograd.grad(phi, rest["f"], weight)[0])
    assert torch.isfinite(found[1]).all()
    assert torch.equal(found[1][:, 1:], found[0][:, 1:])
    assert found[1][:, 0].abs().max() < 1e-40


def trained(learner: object, plan: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return learner.train_chunk(learner.put(x), learner.put(y), plan)  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("mask", ["per_sample", "per_batch"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_restored_state_continues_bit_for_bit(dtype: str, mask: str) -> None:
    spec = make_spec("nonlinear", "rhel", dtype=dtype, dropout=0.3, dropout_mask=mask)
    x, y = make_data(SHAPE)
    plan = np.random.default_rng(0).integers(0, 8, (6, 4)).astype(np.int32)
    straight, first, second = (make_learner(spec, SHAPE) for _ in range(3))
    for learner in (straight, first):
        learner.init(initial_parameters(spec, SHAPE), dropout_seed=11)
    whole = trained(straight, plan, x, y)
    before = trained(first, plan[:2], x, y)
    second.restore(first.state())
    after = trained(second, plan[2:], x, y)
    assert np.array_equal(whole, np.concatenate([before, after]))
    assert whole.dtype == np.dtype(dtype)
    state = straight.state()
    assert all(np.array_equal(state[name], value) for name, value in second.state().items())
    other = make_learner(spec, SHAPE)
    other.init(initial_parameters(spec, SHAPE), dropout_seed=12)
    assert not np.array_equal(trained(other, plan, x, y), whole)


def test_dropout_masks() -> None:
    x = torch.zeros(50, 4, 30)
    own, shared = Dropout(0.25, "per_sample", 3, 5), Dropout(0.25, "per_batch", 3, 5)
    assert own.mask(x, 0, 0).shape == (50, 4, 30)
    assert shared.mask(x, 0, 0).shape == (50, 1, 30)
    assert own.mask(x, 0, 0).unique().tolist() == pytest.approx([0.0, 4 / 3])
    assert float((own.mask(x, 0, 0) == 0).double().mean()) == pytest.approx(0.25, abs=0.03)
    others = [own.mask(x, 0, 1), own.mask(x, 1, 0), dataclasses.replace(own, step=6).mask(x, 0, 0)]
    assert all(not torch.equal(own.mask(x, 0, 0), other) for other in others)


def test_a_step_that_is_not_trained_stays() -> None:
    spec = make_spec("nonlinear", "rhel", delta_trained=False)
    learner = make_learner(spec, SHAPE)
    start = initial_parameters(spec, SHAPE)
    learner.init(start, dropout_seed=0)
    trained(learner, np.array([[0, 1, 2, 3]] * 3, np.int32), *make_data(SHAPE))
    state = learner.state()
    assert np.array_equal(state["parameters.blocks.0.hru.delta"], start["blocks.0.hru.delta"])
    assert not np.array_equal(state["parameters.blocks.0.hru.alpha"], start["blocks.0.hru.alpha"])


def test_gradients_and_predict_leave_the_state_alone() -> None:
    spec = make_spec("linear", "rhel", norm="ema_released", protocol="released")
    learner = make_learner(spec, SHAPE)
    learner.init(initial_parameters(spec, SHAPE), dropout_seed=0)
    x, y = make_data(SHAPE)
    trained(learner, np.array([[0, 1, 2, 3]], np.int32), x, y)
    before = learner.state()
    learner.gradients(learner.put(x), learner.put(y))
    out = learner.predict(learner.put(x))
    learner.fidelity(learner.put(x))
    assert all(np.array_equal(before[name], value) for name, value in learner.state().items())
    assert worst(np.concatenate([learner.predict(learner.put(x)[:4]), learner.predict(learner.put(x)[4:])]), out) == 0


def test_facts_state_the_precision() -> None:
    facts = make_learner(make_spec("linear", "bptt"), SHAPE).facts()
    assert facts["precision"] == {"dtype": "float64", "tf32": False}
    assert not torch.backends.cuda.matmul.allow_tf32
    assert facts["device"]


def test_a_hamiltonian_that_mixes_position_and_momentum_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Mixed(Nonlinear):
        separable = False

    monkeypatch.setitem(HAMILTONIANS, "nonlinear", Mixed())
    with pytest.raises(UserError, match="not separable"):
        make_learner(make_spec("nonlinear", "rhel"), SHAPE)
