"""Every fused kernel equals the portable path; what has none says so."""

from functools import partial

import numpy as np
import pytest
import torch

from impl_torch.algorithms import ALGORITHMS
from impl_torch.fused import fused
from impl_torch.hamiltonians import HAMILTONIANS
from impl_torch.integrators import INTEGRATORS
from impl_torch.learner import make_learner
from impl_torch.nudge import norm
from impl_torch.passes import NORM
from kernels.cpu import launch
from kernels.passes import KERNELS, find
from rhelbench.errors import UserError
from rhelbench.parameters import initial_parameters
from rhelbench.spec import Nudge
from tests.impl_torch.models import SHAPES, make_data, make_spec, worst
from tests.tolerances import FUSED_FLOAT32, FUSED_FLOAT64

LENGTH, SAMPLES, LANES = 30, 5, 60  # 300 lanes: a whole block and a part of one


def gradients(
    trajectory, name: str, integrator: str, nudge: Nudge, dtype: torch.dtype, size=(LENGTH, SAMPLES, LANES), device: str = "cpu"
) -> dict[str, torch.Tensor]:
    """Return the trajectory and its gradients towards θ, δ, u and B; ``size`` is K, n, P."""
    draw = torch.Generator().manual_seed(0)

    def uniform(low: float, high: float) -> torch.Tensor:
        return low + (high - low) * torch.rand(size[2], generator=draw, dtype=torch.float64)

    leaves = {"A": uniform(0, 1), "delta": uniform(0.1, 0.9)} if name == "linear" else {
        "alpha": torch.tensor(0.6, dtype=torch.float64), "w": uniform(0.5, 1), "b": uniform(-1, 1), "c_tilde": uniform(0.3, 0.7),
        "delta": torch.tensor(0.1, dtype=torch.float64),
    }  # fmt: skip
    leaves["f"] = 2 * torch.randn(size, generator=draw, dtype=torch.float64)
    leaves["f_B"] = leaves["f"].clone()
    g = torch.randn(size, generator=draw, dtype=torch.float64)
    g[:, min(2, size[1] - 1)] = 0  # a sample without gradient
    leaves = {key: value.to(device, dtype).requires_grad_() for key, value in leaves.items()}
    theta = {key: leaves[key] for key in HAMILTONIANS[name].parameters}
    phi = trajectory(HAMILTONIANS[name], INTEGRATORS[integrator], nudge, theta, leaves["delta"], leaves["f"], leaves["f_B"])
    found = torch.autograd.grad(phi, list(leaves.values()), g.to(device, dtype))
    return {key: value.detach().cpu() for key, value in {"phi": phi, **dict(zip(leaves, found, strict=True))}.items()}


#: Two echoes subtracted in float32 are rounding noise in part: the released rule is compared in float64 alone.
CASES = [(t, d) for t in sorted(KERNELS) for d in (torch.float32, torch.float64) if t[2] != "rhel_released" or d == torch.float64]


@pytest.mark.parametrize("size", [1e-3, 0.5, 30.0])
@pytest.mark.parametrize(("triple", "dtype"), CASES, ids=lambda v: "-".join(v) if isinstance(v, tuple) else str(v)[6:])
def test_fused_equals_portable(triple: tuple[str, str, str], dtype: torch.dtype, size: float) -> None:
    """Sizes: the usual nudge, one beyond the series, one that saturates. Two subtracted echoes amplify rounding by 1/size."""
    name, integrator, algorithm = triple
    nudge = Nudge(mode="relative", size=size)
    reference = gradients(ALGORITHMS[algorithm], name, integrator, nudge, dtype)
    found = gradients(fused(find(*triple)), name, integrator, nudge, dtype)
    tolerance = FUSED_FLOAT32 if dtype == torch.float32 else FUSED_FLOAT64
    if algorithm == "rhel_released":
        tolerance *= max(1.0, 1 / size)
    errors = {key: worst(found[key].numpy(), value.numpy()) for key, value in reference.items()}
    assert {key: error for key, error in errors.items() if not error <= tolerance} == {}
    assert found["phi"].dtype == dtype


@pytest.mark.parametrize(("name", "algorithm"), sorted({(name, algorithm) for name, _, algorithm in KERNELS}))
def test_only_bptt_keeps_the_trajectory(name: str, algorithm: str) -> None:
    """What is saved beside the drive: two histories for BPTT, the same one state at every length for an echo."""
    kept = []
    for length in (5, 50):
        f = torch.zeros(length, 3, 4).requires_grad_()
        theta = {key: torch.full((4,), 0.5) for key in HAMILTONIANS[name].parameters}
        saved: list[torch.Tensor] = []
        with torch.autograd.graph.saved_tensors_hooks(lambda t, s=saved: (s.append(t), t)[1], lambda t: t):
            nudge = Nudge(mode="absolute", size=0.1)
            fused(find(name, "leapfrog", algorithm))(
                HAMILTONIANS[name], INTEGRATORS["leapfrog"], nudge, theta, torch.tensor(0.1), f, f
            )
        storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in saved}
        kept.append(sum(storages.values()) - f.untyped_storage().nbytes())
    histories = 2 if algorithm == "bptt" else 0
    assert kept[1] - kept[0] == histories * 45 * 3 * 4 * 4


def test_lanes_may_be_split_in_any_way() -> None:
    from kernels.cpu import nonlinear

    rng = np.random.default_rng(0)
    theta, delta, f = rng.uniform(0.5, 1, (4, 100)), rng.uniform(0.1, 0.2, 100), rng.normal(size=(9, 100))
    results = []
    for block, threads in ((100, 1), (7, 1), (16, 2)):
        phi, pi = np.empty_like(f), np.empty((1, 100))
        launch.share(partial(nonlinear.forward, theta, delta, f, True, phi, pi), 100, block, threads)
        results.append(np.concatenate([phi, pi]))
    assert all(np.array_equal(results[0], other) for other in results)


def test_not_a_number_stays_one() -> None:
    theta = {key: torch.full((2,), 0.5) for key in HAMILTONIANS["nonlinear"].parameters}
    f = torch.full((3, 1, 2), torch.nan)
    path = fused(find("nonlinear", "leapfrog", "bptt"))(
        HAMILTONIANS["nonlinear"], INTEGRATORS["leapfrog"], Nudge(mode="absolute", size=0.1), theta, torch.tensor(0.1), f, f
    )
    assert torch.isnan(path).all()


@pytest.mark.parametrize("model", ["linear", "nonlinear"])
def test_a_whole_model(model: str) -> None:
    shape = SHAPES["classification"]
    x, y = make_data(shape)
    states = []
    for kernel in ("portable", "fused"):
        spec = make_spec(model, "rhel", kernel=kernel, dropout=0.2)
        learner = make_learner(spec, shape)
        learner.init(initial_parameters(spec, shape), dropout_seed=5)
        learner.train_chunk(learner.put(x), learner.put(y), np.array([[0, 1, 2, 3], [4, 5, 6, 7]], np.int32))
        states.append(learner.state())
        assert (learner.facts()["compile_s"] > 0) == (kernel == "fused")
    before = learner.facts()["compilations"]
    learner.train_chunk(learner.put(x), learner.put(y), np.array([[0, 1, 2, 3]], np.int32))
    assert learner.facts()["compilations"] == before
    assert max(worst(states[1][key], value) for key, value in states[0].items()) < 1e-9


def test_what_has_no_kernel_says_so() -> None:
    with pytest.raises(UserError, match="kernel: portable"):
        make_learner(make_spec("linear", "rhel_separate", kernel="fused"), SHAPES["classification"])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_size_of_a_path_is_the_portable_one(dtype: torch.dtype) -> None:
    """Sizes whose squares single precision can't hold, a sample without gradient, and one that is not a number."""
    g = torch.randn(LENGTH, 4, 70, generator=torch.Generator().manual_seed(0), dtype=dtype)  # more lanes than a block has
    g *= torch.tensor([1e-30, 1e30, 0, torch.nan], dtype=dtype)[:, None]
    torch.testing.assert_close(NORM["cpu"](g), norm(g), rtol=1e-12, atol=0, equal_nan=True)
