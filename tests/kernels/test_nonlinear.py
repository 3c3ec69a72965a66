"""The kernels' log cosh and half contrasts: full precision, w = 0 included."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from kernels.cpu import nonlinear
from tests.kernels.test_gpu import OVERFLOW, python
from tests.verify.test_log_cosh import exact, worst

#: tanh, sech² and log cosh twice, and (t₊ + t₋)/2, as ``exact`` names them; what has no β is compared where it is 0.
ROWS = {"tanh": "mean", "sech2": "half", "other_tanh": "mean", "other_sech2": "half", "log_cosh": "log_cosh", "mean": "mean"}
LIMIT = {"phi": 0.7, "f": 0.3, "b": 0.4, "c": 0.5, "g": 0.2, "epsilon": 1e-3}

Found = dict[str, np.ndarray]


def step(theta: list[np.ndarray], f: np.ndarray, phi: float, g: float, epsilon: float) -> Found:
    """Return the arrays of an echo over one step from (φ, 0) with δ = 2."""

    def full(value: float, *shape: int) -> np.ndarray:
        return np.full((*shape, len(f)), value, f.dtype)

    found = {"theta": np.stack(theta), "delta": full(2), "f": f[None], "g": full(g, 1)}
    return found | {"epsilon": full(epsilon), "phi": full(phi), "pi": full(0)}


def given(dtype: str) -> tuple[Found, Found]:
    """Return a pair whose sums are 2q/β², −2h/β, −2A/β (w = β, m = 0, d = 1), and two echoes with w = 0."""
    at, _ = exact(dtype)
    a, beta = at["a"].astype(dtype), at["beta"].astype(dtype)
    pair = step([0 * a, beta, 0 * a, 0 * a + 1], a, 0, 1, 1)
    one = np.ones(3, dtype)
    theta = [0 * one, 0 * one, one * dtype_of(dtype)(LIMIT["b"]), one * dtype_of(dtype)(LIMIT["c"])]
    return pair, step(theta, one * dtype_of(dtype)(LIMIT["f"]), LIMIT["phi"], LIMIT["g"], LIMIT["epsilon"])


def dtype_of(name: str) -> Callable[[float], np.floating]:
    return np.dtype(name).type


def on_cpu(dtype: str, tmp_path: Path) -> tuple[Found, np.ndarray, np.ndarray]:
    del tmp_path
    (pair, released), (at, _) = given(dtype), exact(dtype)
    a, beta = at["a"].astype(dtype), at["beta"].astype(dtype)
    rows, one, zero = np.empty((6, len(a)), dtype), np.ones_like(a), np.zeros_like(a)
    nonlinear._tanh_and_sech2(one, a, zero, zero, rows[0], rows[1])
    nonlinear._tanh_and_log_cosh(one, a, zero, zero, rows[2], rows[4])
    rows[3] = rows[1]
    rows[5] = [nonlinear._any_contrast(*both)[0] for both in zip(a, beta, strict=True)]
    sums = [np.empty((5, len(arrays["delta"])), dtype) for arrays in (pair, released)]
    nonlinear.pair_echo(*pair.values(), True, np.empty_like(pair["f"]), sums[0], 0, len(a))
    paths = [np.empty_like(released["f"]) for _ in range(2)]
    nonlinear.released_echo(*released.values(), True, *paths, sums[1], 0, 3)
    return dict(zip(ROWS, rows, strict=True)), sums[0], sums[1]


def on_gpu(dtype: str, tmp_path: Path) -> tuple[Found, np.ndarray, np.ndarray]:
    (pair, released), (at, _) = given(dtype), exact(dtype)
    arrays = {"a": at["a"].astype(dtype), "beta": at["beta"].astype(dtype)}
    arrays |= {f"pair_echo.{key}": value for key, value in pair.items()}
    arrays |= {f"released_echo.{key}": value for key, value in released.items()}
    np.savez(tmp_path / "given.npz", **arrays)
    script = str(Path(__file__).with_name("log_cosh_gpu.py"))
    interpret = not torch.cuda.is_available()
    python(tmp_path, *OVERFLOW, script, str(tmp_path / "given.npz"), str(tmp_path / "found.npz"), interpret=interpret)
    found = np.load(tmp_path / "found.npz")
    return dict(zip(ROWS, found["elementary"], strict=True)), found["pair_echo"], found["released_echo"]


TRITON = pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="Triton is installed on Linux only")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("run", [on_cpu, pytest.param(on_gpu, marks=TRITON)])
def test_the_kernels_keep_their_digits(run: Callable, dtype: str, tmp_path: Path) -> None:
    rows, sums, limit = run(dtype, tmp_path)
    at, _ = exact(dtype)
    alone = {"tanh", "sech2", "other_tanh", "other_sech2"}
    errors = {name: worst(rows[name], of, dtype, at["beta"] == 0 if name in alone else None) for name, of in ROWS.items()}
    for name, found in (("curl", sums[1] / 2), ("half", -sums[2] / 2), ("contrast", -sums[3] / 2)):
        errors[name] = worst(found, name, dtype)
    assert {name: error for name, error in errors.items() if not error < 40} == {}
    # The contrast of c̃ (φ tanh g + ½ w φ² sech² g), φ± = φ ± ε g: times −δ/(2ε), δ = 2.
    shift, phi, g, c = LIMIT["f"] + LIMIT["b"], LIMIT["phi"], LIMIT["g"], LIMIT["c"]
    sech2 = 1 / np.cosh(shift) ** 2
    expected = np.array([-2 * phi * g, -2 * c * phi * g * sech2, -2 * c * g * sech2, -2 * g * np.tanh(shift), 0])
    assert np.max(np.abs(limit / np.where(expected == 0, 1, expected)[:, None] - np.sign(np.abs(expected))[:, None])) < (
        1e-10 if dtype == "float64" else 1e-3
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_series_keep_their_digits(dtype: str) -> None:
    """As above, but no lane's |β| is large enough for the general formulas."""
    pair, _ = given(dtype)
    small = np.abs(pair["theta"][1]) < nonlinear.SMALL
    pair = {key: np.ascontiguousarray(value[..., small]) for key, value in pair.items()}
    sums = np.empty((5, small.sum()), dtype)
    nonlinear.pair_echo(*pair.values(), True, np.empty_like(pair["f"]), sums, 0, small.sum())
    for row, name in ((1, "curl"), (2, "half"), (3, "contrast")):
        ours = np.zeros(len(small), dtype)
        ours[small] = sums[row] / (2 if row == 1 else -2)
        assert worst(ours, name, dtype, small) < 40
