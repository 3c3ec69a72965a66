"""Every fused kernel, called by XLA, equals the portable path; what has none says so."""

from collections.abc import Iterator
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import impl_torch.fused
import impl_torch.hamiltonians
import impl_torch.integrators
from impl_jax.algorithms import ALGORITHMS
from impl_jax.fused import Kernel, fused
from impl_jax.hamiltonians import HAMILTONIANS
from impl_jax.integrators import INTEGRATORS
from impl_jax.learner import make_learner
from impl_jax.recurrence import Trajectory
from kernels.passes import KERNELS, find
from rhelbench.errors import UserError
from rhelbench.parameters import initial_parameters
from rhelbench.spec import Nudge
from tests.impl_jax.models import SHAPES, make_data, make_spec, worst
from tests.tolerances import FUSED_FLOAT32, FUSED_FLOAT64

LENGTH, SAMPLES, LANES = 30, 5, 220  # 1,100 lanes: a whole block and a part of one, for either size of block
Draws = dict[str, NDArray[np.float64]]


def draws(name: str) -> Draws:
    """Return θ, δ, the drive and the gradient from above."""
    rng = np.random.default_rng(0)

    def uniform(low: float, high: float) -> NDArray[np.float64]:
        return rng.uniform(low, high, LANES)

    found = {"A": uniform(0, 1), "delta": uniform(0.1, 0.9)} if name == "linear" else {
        "alpha": uniform(0.5, 0.7), "w": uniform(0.5, 1), "b": uniform(-1, 1), "c_tilde": uniform(0.3, 0.7),
        "delta": uniform(0.08, 0.12),  # no scalars: a sum over lanes of either sign loses float32 digits
    }  # fmt: skip
    found |= {"f": 2 * rng.normal(size=(LENGTH, SAMPLES, LANES)), "g": rng.normal(size=(LENGTH, SAMPLES, LANES))}
    found["g"][:, 2] = 0  # a sample without gradient
    return found


def gradients(trajectory: Trajectory, name: str, integrator: str, nudge: Nudge, dtype: str) -> dict[str, NDArray[np.floating]]:
    """Return the trajectory and its gradients towards θ, δ, u and B."""
    with jax.enable_x64(dtype == "float64"):
        given = {key: jnp.asarray(value, dtype) for key, value in draws(name).items()}

        def path(theta: dict[str, jax.Array], delta: jax.Array, f: jax.Array, f_B: jax.Array) -> jax.Array:
            return trajectory(HAMILTONIANS[name], INTEGRATORS[integrator], nudge, theta, delta, f, f_B)

        def both(given: dict[str, jax.Array]) -> dict[str, jax.Array]:
            theta = {key: given[key] for key in HAMILTONIANS[name].parameters}
            phi, pull = jax.vjp(path, theta, given["delta"], given["f"], given["f"])
            of_theta, of_delta, of_f, of_f_B = pull(given["g"])
            return {"phi": phi, **of_theta, "delta": of_delta, "f": of_f, "f_B": of_f_B}

        return {key: np.asarray(value) for key, value in jax.jit(both)(given).items()}


@pytest.fixture(autouse=True)
def single_precision() -> Iterator[None]:
    """A float64 run in the same process leaves JAX's 64-bit numbers on."""
    with jax.enable_x64(False):
        yield


#: Two echoes subtracted in float32 are rounding noise in part: the released rule is compared in float64 alone.
CASES = [
    (triple, dtype, size)
    for triple in sorted(KERNELS)
    for dtype in ("float32", "float64")
    for size in ((1e-3, 0.5, 30.0) if triple[2] != "bptt" else (1.0,))
    if triple[2] != "rhel_released" or dtype == "float64"
]


@pytest.mark.parametrize(("triple", "dtype", "size"), CASES, ids=lambda v: "-".join(v) if isinstance(v, tuple) else str(v))
def test_fused_equals_portable(triple: tuple[str, str, str], dtype: str, size: float) -> None:
    """Sizes: the usual nudge, one beyond the series, one that saturates. Two subtracted echoes amplify rounding by 1/size."""
    name, integrator, algorithm = triple
    nudge = Nudge(mode="relative", size=size)
    reference = gradients(ALGORITHMS[algorithm], name, integrator, nudge, dtype)
    found = gradients(fused(Kernel(find(*triple))), name, integrator, nudge, dtype)
    tolerance = FUSED_FLOAT32 if dtype == "float32" else FUSED_FLOAT64
    if algorithm == "rhel_released":
        tolerance *= max(1.0, 1 / size)
    errors = {key: worst(found[key], value) for key, value in reference.items()}
    assert {key: error for key, error in errors.items() if not error <= tolerance} == {}
    assert found["phi"].dtype == dtype


@pytest.mark.parametrize("name", ["linear", "nonlinear"])
@pytest.mark.parametrize("integrator", sorted(INTEGRATORS))
def test_every_algorithm_goes_forward_alike_and_as_torch_does(name: str, integrator: str) -> None:
    nudge = Nudge(mode="absolute", size=0.1)
    paths = {
        algorithm: gradients(fused(Kernel(find(name, integrator, algorithm))), name, integrator, nudge, "float32")["phi"]
        for algorithm in ("bptt", "rhel", "rhel_released")
    }
    given = {key: torch.tensor(value, dtype=torch.float32) for key, value in draws(name).items()}
    unit = impl_torch.hamiltonians.HAMILTONIANS[name]
    theta = {key: given[key] for key in unit.parameters}
    stepper = impl_torch.integrators.INTEGRATORS[integrator]
    other = impl_torch.fused.fused(find(name, integrator, "rhel"))(
        unit, stepper, nudge, theta, given["delta"], given["f"], given["f"]
    )
    assert all(np.array_equal(paths["bptt"], path) for path in (*paths.values(), other.numpy()))


@pytest.mark.parametrize(("name", "algorithm"), sorted({(name, algorithm) for name, _, algorithm in KERNELS}))
def test_only_bptt_keeps_the_trajectory(name: str, algorithm: str) -> None:
    """What is saved beside the drive: two histories for BPTT, the same one state at every length for an echo."""
    nudge, kept = Nudge(mode="absolute", size=0.1), []
    for length in (5, 50):
        f = jnp.zeros((length, 3, 4))
        theta = {key: jnp.full(4, 0.5) for key in HAMILTONIANS[name].parameters}
        pieces = HAMILTONIANS[name], INTEGRATORS["leapfrog"], nudge, theta, jnp.array(0.1)
        path = partial(fused(Kernel(find(name, "leapfrog", algorithm))), *pieces)
        kept.append(sum(leaf.nbytes for leaf in jax.tree.leaves(jax.vjp(path, f)[1])) - f.nbytes)
    histories = 2 if algorithm == "bptt" else 0
    assert kept[1] - kept[0] == histories * 45 * 3 * 4 * 4


def test_a_batch_of_seeds_equals_each_alone() -> None:
    """Under vmap the kernel is called once per seed."""
    unit, stepper, nudge = HAMILTONIANS["nonlinear"], INTEGRATORS["leapfrog"], Nudge(mode="relative", size=1e-3)
    given = draws("nonlinear")
    f = jnp.asarray(given["f"], jnp.float32)
    trajectory = fused(Kernel(find("nonlinear", "leapfrog", "rhel")))

    def slopes(scale: jax.Array) -> jax.Array:
        theta = {key: jnp.asarray(given[key], jnp.float32) for key in unit.parameters}
        return jax.grad(lambda f: jnp.sum(trajectory(unit, stepper, nudge, theta, jnp.array(0.1), f, f) ** 2))(f * scale)

    scales = jnp.array([1.0, 0.5])
    assert worst(np.asarray(jax.vmap(slopes)(scales)), np.stack([slopes(scale) for scale in scales])) < FUSED_FLOAT32


def test_not_a_number_stays_one() -> None:
    theta = {key: jnp.full(2, 0.5) for key in HAMILTONIANS["nonlinear"].parameters}
    path = fused(Kernel(find("nonlinear", "leapfrog", "bptt")))(
        HAMILTONIANS["nonlinear"], INTEGRATORS["leapfrog"], Nudge(mode="absolute", size=0.1), theta, jnp.array(0.1),
        jnp.full((3, 1, 2), jnp.nan), jnp.full((3, 1, 2), jnp.nan),
    )  # fmt: skip
    assert bool(jnp.isnan(path).all())


@pytest.mark.parametrize("model", ["linear", "nonlinear"])
def test_a_whole_model(model: str) -> None:
    shape = SHAPES["classification"]
    x, y = make_data(shape)
    states = []
    for kernel in ("portable", "fused"):
        spec = make_spec(model, "rhel", kernel=kernel, hyper={"dropout": 0.2})
        learner = make_learner(spec, shape)
        learner.init(initial_parameters(spec, shape), dropout_seed=5)
        learner.train_chunk(learner.put(x), learner.put(y), np.array([[0, 1, 2, 3], [4, 5, 6, 7]], np.int32))
        states.append(learner.state())
    assert max(worst(states[1][key], value) for key, value in states[0].items()) < 1e-9


def test_what_has_no_kernel_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="kernel: portable"):
        make_learner(make_spec("linear", "rhel_separate", kernel="fused"), SHAPES["classification"])
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    with pytest.raises(UserError, match="kernel: portable"):
        make_learner(make_spec("linear", "rhel", kernel="fused"), SHAPES["classification"])
