"""What autograd may ask of impl_torch: first derivatives alone; what it hands over is not written to; memory may run out."""

from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd import Function

import impl_torch
from impl_torch import fused_block, hssm
from impl_torch.algorithms import ALGORITHMS
from impl_torch.cuda_graph import Recordings
from impl_torch.fused import fused
from impl_torch.hamiltonians import HAMILTONIANS
from impl_torch.hru import _Drive
from impl_torch.integrators import INTEGRATORS
from impl_torch.interface import Trajectory
from impl_torch.stack import Call, Stack
from kernels.passes import KERNELS
from rhelbench.spec import Nudge
from tests.impl_torch.test_fused_block import DROPOUTS, forward

K, N, P = 7, 3, 4
REFUSED = "has no derivative"
PORTABLE = [(hamiltonian, "leapfrog", algorithm) for hamiltonian in HAMILTONIANS for algorithm in ALGORITHMS]
CASES = [("portable", *names) for names in PORTABLE] + [("fused", *names) for names in KERNELS]


def path(seed: int, *size: int) -> Tensor:
    return torch.randn(size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def positions(kernel: str, hamiltonian: str, integrator: str, algorithm: str) -> tuple[Tensor, list[Tensor]]:
    """Return φ_1..φ_K and what it depends on: the drive's two routes, δ and θ."""
    theta = {"A": torch.rand(P, dtype=torch.float64)}
    if hamiltonian == "nonlinear":
        theta = {name: torch.full((P,), value, dtype=torch.float64) for name, value in (("w", 0.7), ("b", 0.1), ("c_tilde", 0.5))}
        theta["alpha"] = torch.tensor(0.6, dtype=torch.float64)
    leaves = {name: value.requires_grad_() for name, value in theta.items()}
    delta, f, f_B = (value.requires_grad_() for value in (path(0, P).sigmoid(), path(1, K, N, P), path(1, K, N, P)))
    trajectory: Trajectory = ALGORITHMS[algorithm]
    if kernel == "fused":
        trajectory = fused(KERNELS[hamiltonian, integrator, algorithm])
    nudge = Nudge(mode="relative", size=1e-3)
    phi = trajectory(HAMILTONIANS[hamiltonian], INTEGRATORS[integrator], nudge, leaves, delta, f, f_B)
    return phi, [f, f_B, delta, *leaves.values()]


def twice(y: Tensor, leaves: list[Tensor]) -> None:
    """Ask for the derivative of a derivative."""
    first = torch.autograd.grad(y, leaves, torch.ones_like(y), create_graph=True)
    torch.autograd.grad(torch.stack([part.square().sum() for part in first]).sum(), leaves)


@pytest.mark.parametrize("case", CASES)
def test_a_second_derivative_of_a_trajectory_is_refused(case: tuple[str, str, str, str]) -> None:
    with pytest.raises(RuntimeError, match=REFUSED):
        twice(*positions(*case))


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("fused", [False, True])
def test_a_second_derivative_of_a_block_is_refused(fused: bool, again: bool) -> None:
    y, _, leaves, _ = forward(fused, again=again)
    with pytest.raises(RuntimeError, match=REFUSED):
        twice(y, list(leaves.values()))


def test_a_second_derivative_of_a_block_that_is_run_again_is_refused() -> None:
    x, w = path(0, K, N, P).requires_grad_(), path(1, P).requires_grad_()
    with pytest.raises(RuntimeError, match=REFUSED):
        twice(hssm._Rematerialised.apply(lambda own, x: ((x * own["w"]).square(), ()), ("w",), x, w)[0], [x, w])


FUNCTIONS = [
    function
    for module in walk_packages(impl_torch.__path__, "impl_torch.")
    for function in vars(import_module(module.name)).values()
    if isinstance(function, type) and issubclass(function, Function) and function.__module__ == module.name
]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_forgets_to_refuse(function: type[Function]) -> None:
    with torch.enable_grad(), pytest.raises(RuntimeError, match=REFUSED):
        function.backward(None)


def untouched(outputs: list[Tensor], leaves: list[Tensor]) -> bool:
    """Pull gradients back; return whether they stay what they are."""
    given = [path(i, *output.shape) for i, output in enumerate(outputs)]
    before = [g.clone() for g in given]
    torch.autograd.grad(outputs, leaves, given, materialize_grads=True)
    return all(torch.equal(g, own) for g, own in zip(given, before, strict=True))


@pytest.mark.parametrize("case", CASES)
def test_a_trajectory_leaves_the_gradient_it_is_given(case: tuple[str, str, str, str]) -> None:
    phi, leaves = positions(*case)
    assert untouched([phi], leaves)


def test_a_block_s_head_leaves_the_gradients_it_is_given() -> None:
    x, B = path(0, K, N, P).requires_grad_(), path(1, 2, P).requires_grad_()
    mean, var = path(2, P), path(3, P).square()
    call = Call(Stack(1, None, "batch", "classification", 1, True, False), (mean, var), 1, True, None, 0)
    past, u, f, f_B, *_ = fused_block._Head.apply(call, x, B)
    assert untouched([past, u, f, f_B], [x, B])


@pytest.mark.parametrize("dropout", DROPOUTS)
@pytest.mark.parametrize("again", [False, True])
def test_a_block_leaves_the_gradient_it_is_given(again: bool, dropout: Any) -> None:
    y, _, leaves, _ = forward(fused=True, again=again, dropout=dropout)
    assert untouched([y], list(leaves.values()))


def test_the_drive_leaves_the_gradients_it_is_given() -> None:
    u, B = path(0, K, N, P).requires_grad_(), path(1, 2, P).requires_grad_()
    assert untouched(list(_Drive.apply(u, B)), [u, B])


@pytest.mark.parametrize("case", CASES)
def test_the_two_routes_of_a_drive_have_gradients_of_their_own(case: tuple[str, str, str, str]) -> None:
    """What is added to one of them must not appear in the other."""
    phi, (f, f_B, *_) = positions(*case)
    phi.sum().backward()
    assert f.grad is not None
    assert f_B.grad is not None
    before = f_B.grad.clone()
    f.grad += 1
    assert torch.equal(f_B.grad, before)


def test_too_little_memory_is_no_reason_to_go_on_unrecorded() -> None:
    def recorder(work: Any, changed: list[Tensor]) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    recordings = Recordings(recorder)
    with pytest.raises(torch.OutOfMemoryError, match="CUDA out of memory"):
        recordings.step(lambda *_: torch.zeros(()), [], path(0, K, N, P), torch.arange(N), torch.arange(2), None, (1, P))
    assert recordings.recorder is recorder
