"""What ``test_gpu.py`` runs in a process of its own: on a GPU, or in Triton's interpreter with TRITON_INTERPRET=1."""

import os
import sys
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
import pytest
import torch

import impl_jax.algorithms
import impl_jax.fused
from impl_jax import fused_gpu
from impl_torch import passes
from impl_torch.algorithms import ALGORITHMS
from impl_torch.fused import fused
from impl_torch.hamiltonians import HAMILTONIANS
from impl_torch.integrators import INTEGRATORS
from impl_torch.learner import make_learner
from kernels.gpu.passes import doublings, launches
from kernels.passes import KERNELS, Pass, find
from rhelbench.parameters import initial_parameters
from rhelbench.spec import Nudge
from tests.impl_jax import test_fused
from tests.impl_torch.models import SHAPES, make_data, make_spec, worst
from tests.impl_torch.test_fused import gradients
from tests.tolerances import FUSED_FLOAT32, FUSED_FLOAT64

DEVICE = "cpu" if os.environ.get("TRITON_INTERPRET") == "1" else "cuda"
#: K, n, P. Linear: three chunks, the last in part, and a block of lanes and a part of one; nonlinear: lanes likewise.
SIZE = {"linear": (33, 2, 70), "nonlinear": (7, 2, 20)}
#: Nudges: the usual one; one beyond the series and one that saturates, which only the nonlinear pair tells apart.
CASES = [
    (triple, dtype, nudge)
    for triple in sorted(KERNELS)
    for dtype in (torch.float32, torch.float64)
    for nudge in (1e-3, 0.5, 30.0)
    # Two echoes subtracted in float32 are rounding noise in part.
    if not (triple[2] == "rhel_released" and dtype == torch.float32)
    if nudge == 1e-3 or (triple[0], triple[2]) == ("nonlinear", "rhel")
]


@pytest.fixture(autouse=True)
def _triton_in_the_place_of_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(passes.RUN, "cpu", passes.on_gpu)


@pytest.mark.parametrize(("triple", "dtype", "size"), CASES, ids=lambda v: "-".join(v) if isinstance(v, tuple) else str(v))
def test_equals_portable(triple: tuple[str, str, str], dtype: torch.dtype, size: float) -> None:
    name, integrator, algorithm = triple
    setting = name, integrator, Nudge(mode="relative", size=size), dtype, SIZE[name], DEVICE
    reference, found = gradients(ALGORITHMS[algorithm], *setting), gradients(fused(find(*triple)), *setting)
    tolerance = FUSED_FLOAT32 if dtype == torch.float32 else FUSED_FLOAT64
    if algorithm == "rhel_released":
        tolerance *= 3 / size  # their noise grows with 1/ε, and in 33 steps of the released leapfrog
    elif dtype == torch.float32 and DEVICE == "cuda" and size == 0.5:
        tolerance *= 2  # beyond the series: a GPU's exponential, logarithm and division are good to two units each
    errors = {key: worst(found[key].numpy(), value.numpy()) for key, value in reference.items()}
    assert {key: error for key, error in errors.items() if not error <= tolerance} == {}
    assert found["phi"].dtype == dtype


def run(name: Pass, arrays: dict[str, torch.Tensor], chunk: int | None) -> dict[str, torch.Tensor]:
    """Run the launches of a linear pass; what a kernel leaves out stays not-a-number."""
    made, f = dict(arrays), arrays["f"]
    for item in launches("linear", name, *f.shape, kick_at="midpoint", chunk=chunk):
        outputs = {key: torch.full(shape, torch.nan, dtype=f.dtype, device=f.device) for key, shape in item.outputs.items()}
        item.kernel[item.grid](*(made[key] for key in item.inputs), *item.scalars, *outputs.values(), **item.constants)
        made |= outputs
    return made


@pytest.mark.parametrize("length", [1, 2, 15, 16, 17, 33])
def test_chunks_change_nothing_but_rounding(length: int) -> None:
    draw = np.random.default_rng(length)

    def put(value: Any) -> torch.Tensor:
        return torch.tensor(value, dtype=torch.float64, device=DEVICE)

    arrays = {"theta": put(draw.uniform(0.3, 0.9, (1, 5))), "delta": put(draw.uniform(0.1, 0.9, 5)), "epsilon": put([1e-3] * 5)}
    arrays |= {"f": put(draw.normal(size=(length, 5))), "g": put(draw.normal(size=(length, 5)))}
    arrays |= {"phi": put(draw.normal(size=5)), "pi": put(draw.normal(size=5))}
    for name in ("forward", "pair_echo"):
        whole = run(name, arrays, chunk=6)
        for chunk in (2, 3, 4):
            parts = run(name, arrays, chunk)
            for key in ("phi", "pi") if name == "forward" else ("grad_f", "sums"):
                assert worst(parts[key].cpu().numpy(), whole[key].cpu().numpy()) < FUSED_FLOAT64


def test_chunks_depend_on_the_shape_alone() -> None:
    assert [doublings(length, 64) for length in (1, 405, 50_000, 1_000_000)] == [4, 5, 8, 10]
    assert doublings(896, 16_384) == 6


def test_not_a_number_stays_one() -> None:
    theta = {key: torch.full((2,), 0.5, device=DEVICE) for key in HAMILTONIANS["nonlinear"].parameters}
    f, delta = torch.full((3, 1, 2), torch.nan, device=DEVICE), torch.tensor(0.1, device=DEVICE)
    setting = HAMILTONIANS["nonlinear"], INTEGRATORS["leapfrog"], Nudge(mode="absolute", size=0.1)
    assert torch.isnan(fused(find("nonlinear", "leapfrog", "bptt"))(*setting, theta, delta, f, f)).all()


@pytest.mark.parametrize("model", ["linear", "nonlinear"])
def test_a_whole_model(model: str) -> None:
    shape, states = SHAPES["classification"], []
    x, y = make_data(shape)
    for kernel in ("portable", "fused"):
        spec = make_spec(model, "rhel", kernel=kernel, dropout=0.2)
        learner = make_learner(spec, shape)
        learner.init(initial_parameters(spec, shape), dropout_seed=5)
        learner.train_chunk(learner.put(x), learner.put(y), np.array([[0, 1, 2, 3], [4, 5, 6, 7]], np.int32))
        states.append(learner.state())
    before = learner.facts()["compilations"]
    learner.train_chunk(learner.put(x), learner.put(y), np.array([[0, 1, 2, 3]], np.int32))
    # On a GPU the first span's second step is recorded; from then on nothing is compiled.
    assert learner.facts()["compilations"] == before
    assert max(worst(states[1][key], value) for key, value in states[0].items()) < 1e-9


def in_the_interpreter(*arguments, kernel, out_shape, grid, **constants):
    """Stand in for ``jax_triton.triton_call``, which only a GPU can run."""
    arrays = [value for value in arguments if not isinstance(value, int)]
    scalars = arguments[len(arrays) :]

    def host(*given):
        outputs = [np.empty(item.shape, item.dtype) for item in out_shape]
        kernel[grid](
            *(torch.from_numpy(np.array(value)) for value in given), *scalars, *map(torch.from_numpy, outputs), **constants
        )
        return outputs

    return jax.pure_callback(host, out_shape, *arrays)


@pytest.mark.parametrize("algorithm", ["bptt", "rhel", "rhel_released"])
@pytest.mark.parametrize("name", ["linear", "nonlinear"])
def test_jax_runs_the_same_launches(name: str, algorithm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    setting = name, "leapfrog", Nudge(mode="relative", size=1e-3), "float64"
    for letter, size in (("LENGTH", 18 if name == "linear" else 5), ("SAMPLES", 3), ("LANES", 44 if name == "linear" else 12)):
        monkeypatch.setattr(test_fused, letter, size)
    reference = test_fused.gradients(impl_jax.algorithms.ALGORITHMS[algorithm], *setting)
    if DEVICE == "cpu":
        monkeypatch.setitem(sys.modules, "jax_triton", SimpleNamespace(triton_call=in_the_interpreter))
        monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
        fused_gpu.kernels.cache_clear()
    elif jax.default_backend() == "cpu":
        pytest.skip("JAX sees no GPU")
    else:
        pytest.importorskip("jax_triton")
    found = test_fused.gradients(impl_jax.fused.fused(impl_jax.fused.Kernel(find(name, "leapfrog", algorithm))), *setting)
    tolerance = FUSED_FLOAT64 * (3e3 if algorithm == "rhel_released" else 1)
    errors = {key: worst(found[key], value) for key, value in reference.items()}
    assert {key: error for key, error in errors.items() if not error <= tolerance} == {}
