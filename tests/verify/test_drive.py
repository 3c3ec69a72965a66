"""A trajectory called with one drive gives the drive's gradient once, in both frameworks, portable and fused."""

import jax
import numpy as np
import pytest
import torch

import impl_jax.algorithms
import impl_jax.fused
import impl_jax.hamiltonians
import impl_jax.integrators
import impl_torch.algorithms
import impl_torch.fused
import impl_torch.hamiltonians
import impl_torch.integrators
from kernels.passes import KERNELS, find
from rhelbench.oracle.algorithms import ALGORITHMS
from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.integrators import INTEGRATORS
from rhelbench.registry import ALGORITHMS as ENTRIES
from rhelbench.spec import Nudge
from tests.oracle.test_algorithms import problem
from tests.tolerances import GRADIENT

NUDGE = Nudge(mode="relative", size=1e-3)
NAMES = [name for name, entry in ENTRIES.items() if not entry.random]
CASES = [(name, False) for name in NAMES] + [(name, True) for name in sorted({algorithm for _, _, algorithm in KERNELS})]


def in_jax(name, fused, hamiltonian, theta, delta, f, g):
    triple = hamiltonian, "leapfrog", name
    path = impl_jax.fused.fused(impl_jax.fused.Kernel(find(*triple))) if fused else impl_jax.algorithms.ALGORITHMS[name]
    setting = impl_jax.hamiltonians.HAMILTONIANS[hamiltonian], impl_jax.integrators.INTEGRATORS["leapfrog"], NUDGE
    with jax.enable_x64(True):
        given = jax.tree.map(jax.numpy.asarray, (theta, delta, f))
        _, pull = jax.vjp(lambda theta, delta, f: path(*setting, theta, delta, f), *given)
        return np.asarray(pull(jax.numpy.asarray(g))[2])


def in_torch(name, fused, hamiltonian, theta, delta, f, g):
    path = impl_torch.fused.fused(find(hamiltonian, "leapfrog", name)) if fused else impl_torch.algorithms.ALGORITHMS[name]
    setting = impl_torch.hamiltonians.HAMILTONIANS[hamiltonian], impl_torch.integrators.INTEGRATORS["leapfrog"], NUDGE
    own = {letter: torch.tensor(value) for letter, value in theta.items()}
    drive = torch.tensor(f, requires_grad=True)
    phi = path(*setting, own, torch.tensor(delta), drive)
    return torch.autograd.grad(phi, drive, torch.tensor(g))[0].numpy()


@pytest.mark.parametrize("framework", [in_jax, in_torch])
@pytest.mark.parametrize("hamiltonian", ["linear", "nonlinear"])
@pytest.mark.parametrize(("name", "fused"), CASES)
def test_one_drive_has_its_gradient_once(framework, hamiltonian, name, fused):
    theta, delta, f, g = problem(hamiltonian)
    _, backward = ALGORITHMS[name](HAMILTONIANS[hamiltonian], INTEGRATORS["leapfrog"], NUDGE, theta, delta, f)
    wanted = backward(g).f
    found = framework(name, fused, hamiltonian, theta, delta, f, g)
    assert np.abs(found - wanted).max() < GRADIENT * np.abs(wanted).max()
