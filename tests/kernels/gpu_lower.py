"""Lower every fused trajectory and its gradients to XLA's calls for a GPU that need not be there; prints how many calls."""

import functools
import os

os.environ["JAX_PLATFORMS"] = "cpu"
import jax
import jax.numpy as jnp
import jax_triton

from impl_jax.fused import Kernel, fused
from impl_jax.hamiltonians import HAMILTONIANS
from impl_jax.integrators import INTEGRATORS
from kernels.passes import KERNELS, find
from rhelbench.spec import Nudge


def calls(hamiltonian: str, integrator: str, algorithm: str) -> int:
    """Return how many Triton kernels XLA is asked to call for the trajectory and its gradients."""
    unit, stepper, nudge = HAMILTONIANS[hamiltonian], INTEGRATORS[integrator], Nudge(mode="relative", size=1e-3)
    theta = {name: jnp.full((12,), 0.5) for name in unit.parameters}
    f, delta = jnp.ones((40, 3, 12)), jnp.full((12,), 0.1)

    def path(theta: dict[str, jax.Array], delta: jax.Array, f: jax.Array) -> jax.Array:
        return fused(Kernel(find(hamiltonian, integrator, algorithm)))(unit, stepper, nudge, theta, delta, f, f).sum()

    traced = jax.jit(jax.grad(path, argnums=(0, 1, 2))).trace(theta, delta, f)
    return traced.lower(lowering_platforms=("cuda",)).as_text().count("@triton_kernel_call")


if __name__ == "__main__":
    jax_triton.triton_call = functools.partial(jax_triton.triton_call, compute_capability=90)
    jax.default_backend = lambda: "gpu"
    print(sum(calls(*triple) for triple in sorted(KERNELS) if triple[1] == "leapfrog"))
