"""What the choice of algorithm may not change, what it must change, and what is compiled how often in JAX."""

from collections.abc import Iterator
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from impl_jax.algorithms import ALGORITHMS
from impl_jax.hamiltonians import HAMILTONIANS
from impl_jax.hamiltonians.nonlinear import Nonlinear
from impl_jax.integrators import INTEGRATORS
from impl_jax.learner import make_learner
from rhelbench.errors import UserError
from rhelbench.spec import Nudge
from rhelbench.verify.cases import make_case

NUDGE = Nudge(mode="relative", size=1e-3)
N, P = 2, 4


@pytest.fixture(autouse=True)
def _single_precision() -> Iterator[None]:
    """As in a float32 run: another test's float64 learner turns 64-bit JAX on for the process, and programs compile otherwise."""
    with jax.enable_x64(False):
        yield


def theta(name: str) -> dict[str, jax.Array]:
    values = {"A": 0.6, "alpha": 0.6, "w": 0.8, "b": 0.1, "c_tilde": 0.5}
    shape = {"alpha": ()}
    return {letter: jnp.full(shape.get(letter, (P,)), values[letter], jnp.float32) for letter in HAMILTONIANS[name].parameters}


def run(name: str, algorithm: str, th: dict, delta: jax.Array, f: jax.Array, g: jax.Array) -> tuple:
    """Return φ_1..φ_K and the gradients of θ, δ and the drive for the incoming gradient g."""
    trajectory = partial(ALGORITHMS[algorithm], HAMILTONIANS[name], INTEGRATORS["leapfrog"], NUDGE)
    phi, pull = jax.vjp(trajectory, th, delta, f, f)
    return phi, pull(g)


def temporary_bytes(name: str, algorithm: str, K: int) -> int:
    """Memory of the compiled forward and backward pass of one unit beyond its arguments and results."""
    drive = jax.ShapeDtypeStruct((K, N, P), jnp.float32)
    delta = jax.ShapeDtypeStruct((), jnp.float32)
    compiled = jax.jit(partial(run, name, algorithm)).lower(theta(name), delta, drive, drive).compile()
    analysis = compiled.memory_analysis()
    assert analysis is not None
    return analysis.temp_size_in_bytes


@pytest.mark.parametrize("name", HAMILTONIANS)
def test_rhel_keeps_one_state_and_bptt_the_trajectory(name: str) -> None:
    short, long = 1_000, 10_000
    state = N * P * 4
    assert temporary_bytes(name, "rhel", long) - temporary_bytes(name, "rhel", short) < state
    assert temporary_bytes(name, "bptt", long) - temporary_bytes(name, "bptt", short) >= (long - short) * state


def positions(name: str, algorithm: str, th: dict, delta: jax.Array, f: jax.Array, g: jax.Array) -> tuple:
    """Return φ_1..φ_K from a program without backward pass."""
    return (ALGORITHMS[algorithm](HAMILTONIANS[name], INTEGRATORS["leapfrog"], NUDGE, th, delta, f, f), g)


@pytest.mark.parametrize("program", [run, positions])
@pytest.mark.parametrize("name", HAMILTONIANS)
def test_forward_results_are_bit_identical_whatever_the_algorithm(name: str, program) -> None:
    """In a program of its own and beside a backward pass."""
    f, g = np.random.default_rng(0).standard_normal((2, 50, N, P)).astype(np.float32)
    results = {
        algorithm: np.asarray(jax.jit(partial(program, name, algorithm))(theta(name), jnp.float32(0.1), f, g)[0])
        for algorithm in ALGORITHMS
    }
    for algorithm, phi in results.items():
        assert phi.tobytes() == results["bptt"].tobytes(), algorithm


def test_nothing_is_compiled_after_the_first_span_and_a_restored_state_continues_bit_for_bit() -> None:
    item = make_case("jax", "linear", "rhel", "exact", "classification")
    spec = item.spec.model_copy(update={"hyper": item.spec.hyper.model_copy(update={"dropout": 0.2}), "dtype": "float32"})
    first = make_learner(spec, item.shape)
    first.init({name: value.astype(np.float32) for name, value in item.parameters.items()}, dropout_seed=5)
    x, y, plan = first.put(item.x), first.put(item.y), np.arange(16, dtype=np.int32).reshape(4, 4) % 8
    first.train_chunk(x, y, plan)
    compiled = first.facts()["compilations"]
    middle = first.state()
    losses = first.train_chunk(x, y, plan)
    assert first.facts()["compilations"] == compiled
    second = make_learner(spec, item.shape)
    second.restore(middle)
    assert second.train_chunk(second.put(item.x), second.put(item.y), plan).tobytes() == losses.tobytes()
    for name, value in first.state().items():
        assert second.state()[name].tobytes() == value.tobytes(), name


def test_without_closed_forms_rhel_runs_two_echoes() -> None:
    f, g = np.random.default_rng(0).standard_normal((2, 20, N, P)).astype(np.float32)
    found = []
    for algorithm, hamiltonian in (("rhel", Nonlinear(closed_forms=False)), ("rhel_separate", Nonlinear())):
        trajectory = partial(ALGORITHMS[algorithm], hamiltonian, INTEGRATORS["leapfrog"], NUDGE)
        found.append(jax.jit(lambda th, d, f, g, t=trajectory: jax.vjp(t, th, d, f, f)[1](g))(theta("nonlinear"), 0.1, f, g))
    for one, other in zip(jax.tree.leaves(found[0]), jax.tree.leaves(found[1]), strict=True):
        assert np.asarray(one).tobytes() == np.asarray(other).tobytes()


def test_a_hamiltonian_that_mixes_position_and_momentum_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    item = make_case("jax", "nonlinear", "rhel", "exact", "classification")
    monkeypatch.setitem(HAMILTONIANS, "nonlinear", Nonlinear(separable=False))
    learner = make_learner(item.spec, item.shape)
    learner.init(item.parameters, dropout_seed=0)
    with pytest.raises(UserError, match="not separable"):
        learner.train_chunk(learner.put(item.x), learner.put(item.y), np.zeros((1, 4), np.int32))
