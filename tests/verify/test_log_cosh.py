"""log cosh, its half contrasts, and the nonlinear unit as w → 0: full precision in every implementation."""

from collections.abc import Callable
from functools import cache, partial
from itertools import product

import jax
import mpmath
import numpy as np
import pytest
import torch

from impl_jax.algorithms import ALGORITHMS as JAX_ALGORITHMS
from impl_jax.hamiltonians import HAMILTONIANS as JAX
from impl_jax.integrators import INTEGRATORS as JAX_INTEGRATORS
from impl_torch.algorithms import ALGORITHMS as TORCH_ALGORITHMS
from impl_torch.hamiltonians import HAMILTONIANS as TORCH
from impl_torch.integrators import INTEGRATORS as TORCH_INTEGRATORS
from rhelbench.oracle.algorithms import ALGORITHMS
from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.integrators import INTEGRATORS
from rhelbench.spec import Nudge

SIZES = (0, 1e-12, 1e-6, 1e-4, 1e-3, 0.02, 0.03, 0.1, 0.25, 0.3, 0.34, 0.49, 0.51, 1, 1.01, 2, 5, 10, 30)
TINIEST = {"float32": 1e-30, "float64": 1e-200}
PRECISIONS = [("oracle", "float64"), *product(("jax", "torch"), ("float32", "float64"))]


def points(dtype: str) -> np.ndarray:
    """Return every size with both signs."""
    sizes = np.array((TINIEST[dtype], *SIZES), dtype)
    return np.concatenate([sizes, -sizes])


@cache
def exact(dtype: str) -> tuple[dict[str, np.ndarray], dict[str, list[mpmath.mpf]]]:
    """Return a and β, and log cosh a, (t₊ + t₋)/2, (t₊ − t₋)/(2β), A/β, q/β² to fifty digits."""
    found: dict[str, list[mpmath.mpf]] = {"log_cosh": [], "mean": [], "half": [], "contrast": [], "curl": []}
    grid = np.array(list(product(points(dtype), repeat=2)))
    for a, beta in grid:
        least = min((abs(float(value)) for value in (a, beta) if value), default=1.0)
        # A and q are differences of numbers that agree in up to five times the digits that the smaller one begins after.
        with mpmath.workdps(80 + 5 * max(0, round(-np.log10(least)))):
            x, b = mpmath.mpf(float(a)), mpmath.mpf(float(beta))
            found["log_cosh"].append(mpmath.log(mpmath.cosh(x)))
            plus, minus = mpmath.tanh(x + b), mpmath.tanh(x - b)
            mean, half, contrast, curl = plus, mpmath.sech(x) ** 2, plus, mpmath.mpf(0)
            if b != 0:
                area = (mpmath.log(mpmath.cosh(x + b)) - mpmath.log(mpmath.cosh(x - b))) / 2
                mean, half, contrast = (plus + minus) / 2, (plus - minus) / 2 / b, area / b
                curl = (area - b * mean) / b**2
            for name, value in zip(("mean", "half", "contrast", "curl"), (mean, half, contrast, curl), strict=True):
                found[name].append(value)
    return {"a": grid[:, 0], "beta": grid[:, 1]}, found


def worst(ours: np.ndarray, name: str, dtype: str, where: np.ndarray | None = None) -> float:
    """Return the largest error in units of eps (1 + |a| + |β|), relative; absolute below the dtype's smallest normal number."""
    at, reference = exact(dtype)
    assert ours.dtype == dtype
    eps, tiny, errors = float(np.finfo(dtype).eps), float(np.finfo(dtype).tiny), [0.0]
    for i in np.flatnonzero(np.ones(len(ours), bool) if where is None else where):
        size = max(float(abs(reference[name][i])), 4 * tiny / eps / 40)
        with mpmath.workdps(50):
            error = float(abs(mpmath.mpf(float(ours[i])) - reference[name][i]) / size)
        errors.append(error / eps / (1 + abs(float(at["a"][i])) + abs(float(at["beta"][i]))))
    return float(np.max(errors))  # a NaN stays one


def unit(framework: str, dtype: str, w: np.ndarray) -> tuple[object, dict[str, object], Callable[[np.ndarray], object]]:
    """Return a Hamiltonian, θ with α = b = 0 and c̃ = 1, and what puts an array into it."""
    put = {"oracle": np.asarray, "jax": jax.numpy.asarray, "torch": torch.from_numpy}[framework]
    zero, one = np.zeros_like(w), np.ones_like(w)
    theta = {"alpha": put(np.zeros((), dtype)), "w": put(w), "b": put(zero), "c_tilde": put(one)}
    return {"oracle": HAMILTONIANS, "jax": JAX, "torch": TORCH}[framework]["nonlinear"], theta, put


@pytest.mark.parametrize(("framework", "dtype"), PRECISIONS)
def test_the_half_contrasts_keep_their_digits(framework: str, dtype: str) -> None:
    """With w = β, d = 1, m = 0 and f = a they are A/β, h/β and −q/β²."""
    at, _ = exact(dtype)
    with jax.enable_x64(dtype == "float64"):
        H, theta, put = unit(framework, dtype, at["beta"].astype(dtype))
        m, d, f = (put(x.astype(dtype)[None]) for x in (0 * at["a"], np.ones_like(at["a"]), at["a"]))
        of_theta, of_f, of_v = H.half_contrasts(theta, m, d, f)
        mean, half = H.pair_force(theta, m, d, f)
        found = {"mean": mean, "half": of_f, "contrast": of_theta["c_tilde"], "curl": -of_theta["w"]}
        errors = {name: worst(np.asarray(value)[0], name, dtype) for name, value in found.items()}
        np.testing.assert_array_equal(np.asarray(of_v), np.asarray(of_theta["c_tilde"]))
        kind = np.finfo(dtype)
        np.testing.assert_allclose(np.asarray(half), np.asarray(of_f) * at["beta"], rtol=2 * kind.eps, atol=kind.tiny)
    assert {name: error for name, error in errors.items() if not error < 40} == {}


@pytest.mark.parametrize(("framework", "dtype"), PRECISIONS)
def test_the_potential_keeps_its_digits(framework: str, dtype: str) -> None:
    at, _ = exact(dtype)
    with jax.enable_x64(dtype == "float64"):
        H, theta, put = unit(framework, dtype, np.ones(len(at["a"]), dtype))
        phi = at["a"].astype(dtype)[None]
        assert worst(np.asarray(H.potential(theta, put(phi), put(0 * phi)))[0], "log_cosh", dtype) < 40


def test_the_oracles_slopes_keep_their_digits() -> None:
    at, _ = exact("float64")
    H, theta, _ = unit("oracle", "float64", np.ones(len(at["a"])))
    slope = H.force_slopes(theta, at["a"][None], np.zeros((1, len(at["a"])))).f[0]
    assert worst(slope, "half", "float64", at["beta"] == 0) < 40


@pytest.mark.parametrize("framework", ["oracle", "jax", "torch"])
def test_the_potential_has_a_limit_at_zero_weight(framework: str) -> None:
    """Up to a constant: φ tanh g, and its slopes φ sech² g for f, φ²/2 sech² g for w."""
    phi, f = np.array([[0.7, -3.0, 0.0]]), np.array([[0.3, 0.0, -20.0]])
    w, sech2 = np.zeros(3), 1 / np.cosh(f) ** 2
    with jax.enable_x64(True):
        H, theta, put = unit(framework, "float64", w)
        value = H.potential(theta, put(phi), put(f))
        if framework == "oracle":
            slopes = H.potential_slopes(theta, phi, f)
            of_w, of_f, of_phi = slopes.theta["w"], slopes.f, slopes.phi
            np.testing.assert_allclose(slopes.theta["c_tilde"], value, rtol=1e-15)
            np.testing.assert_array_equal(slopes.theta["b"], of_f)
        elif framework == "jax":

            def total(w: jax.Array, f: jax.Array, phi: jax.Array) -> jax.Array:
                return H.potential(theta | {"w": w}, phi, f).sum()

            of_w, of_f, of_phi = jax.grad(total, (0, 1, 2))(put(w), put(f), put(phi))
        else:
            leaves = [put(x).requires_grad_() for x in (w, f, phi)]
            total = H.potential(theta | {"w": leaves[0]}, leaves[2], leaves[1]).sum()
            of_w, of_f, of_phi = torch.autograd.grad(total, leaves)
    np.testing.assert_allclose(np.asarray(value), phi * np.tanh(f), rtol=1e-14)
    np.testing.assert_allclose(np.asarray(of_w).reshape(1, 3), phi**2 / 2 * sech2, rtol=1e-14)
    np.testing.assert_allclose(np.asarray(of_f), phi * sech2, rtol=1e-14)
    np.testing.assert_allclose(np.asarray(of_phi), np.tanh(f), rtol=1e-14)


def gradients(framework: str, algorithm: str, w: float) -> dict[str, np.ndarray]:
    """Return one nonlinear unit's gradients over 100 steps by a pass backward, float64."""
    rng = np.random.default_rng(3)
    theta = {"alpha": np.array(0.6), "w": np.array([w]), "b": np.array([0.4]), "c_tilde": np.array([0.5])}
    delta, f, g = np.array(0.1), rng.normal(size=(100, 1, 1)), 1e-3 * rng.normal(size=(100, 1, 1))
    nudge, names = Nudge(mode="absolute", size=1e-3), (*theta, "delta")
    if framework == "oracle":
        _, backward = ALGORITHMS[algorithm](
            HAMILTONIANS["nonlinear"], INTEGRATORS["leapfrog"], nudge, theta, delta, f, f
        )  # fmt: skip
        result = backward(g)
        return {**result.theta, "delta": result.delta}
    if framework == "jax":
        with jax.enable_x64(True):
            path = partial(JAX_ALGORITHMS[algorithm], JAX["nonlinear"], JAX_INTEGRATORS["leapfrog"], nudge)
            given = {key: jax.numpy.asarray(value) for key, value in theta.items()}
            _, pull = jax.vjp(path, given, jax.numpy.asarray(delta), jax.numpy.asarray(f))
            of_theta, of_delta, _ = pull(jax.numpy.asarray(g))
            return {key: np.asarray(value) for key, value in {**of_theta, "delta": of_delta}.items()}
    leaves = [torch.from_numpy(value).requires_grad_() for value in (*theta.values(), delta)]
    given, drive = dict(zip(theta, leaves, strict=False)), torch.from_numpy(f).requires_grad_()
    pieces = TORCH["nonlinear"], TORCH_INTEGRATORS["leapfrog"], nudge
    phi = TORCH_ALGORITHMS[algorithm](*pieces, given, leaves[-1], drive, drive)
    found = torch.autograd.grad(phi, leaves, torch.from_numpy(g), allow_unused=True)
    return {key: np.zeros(1) if value is None else value.numpy() for key, value in zip(names, found, strict=True)}


@pytest.mark.parametrize("w", [1.0, 1e-3, 1e-6, 1e-12, 0.0, -1e-6])
@pytest.mark.parametrize("framework", ["oracle", "jax", "torch"])
def test_rhel_is_bptt_as_every_weight_vanishes(framework: str, w: float) -> None:
    reference, found = (gradients(framework, algorithm, w) for algorithm in ("bptt", "rhel"))
    errors = {key: float(np.max(np.abs(found[key] / value - 1))) for key, value in reference.items()}
    assert {key: error for key, error in errors.items() if not error < 1e-8} == {}


@pytest.mark.parametrize("algorithm", ["rhel_separate", "rhel_released"])
@pytest.mark.parametrize("framework", ["oracle", "jax", "torch"])
def test_two_echoes_have_their_gradients_at_zero_weight(framework: str, algorithm: str) -> None:
    reference, found = (gradients(framework, name, 0.0) for name in ("bptt", algorithm))
    if algorithm == "rhel_released":
        del reference["delta"]  # it has none
    errors = {key: float(np.max(np.abs(found[key] / value - 1))) for key, value in reference.items()}
    assert {key: error for key, error in errors.items() if not error < 1e-8} == {}
