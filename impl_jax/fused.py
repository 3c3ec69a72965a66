"""Trajectories whose forward and backward passes are compiled kernels, called by XLA."""

from dataclasses import dataclass
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from impl_jax import fused_gpu
from impl_jax.interface import Hamiltonian, Integrator, Lanes, Theta
from impl_jax.nudge import epsilon
from impl_jax.recurrence import Drive, Trajectory, narrow, one_drive
from kernels import passes
from kernels.passes import Pass
from rhelbench.spec import Nudge

#: (K, N), or another number of rows.
Flat = Float[Array, "_ N"]
#: φ and π: histories (K, N), or the final state (N,).
Residuals = tuple[Array, Array]


@cache
def _target(hamiltonian: str, kernel: str, dtype: str) -> str:
    """Compile a kernel, or load it from the cache; return its name in XLA."""
    # Importing numba takes half a second, and a portable run does not need it.
    from kernels.cpu.handler import handler

    name = f"rhelbench.{hamiltonian}.{kernel}.{dtype}"
    jax.ffi.register_ffi_target(name, handler(hamiltonian, kernel, dtype), platform="cpu", api_version=1)
    return name


def _spread(value: Lanes, like: Float[Array, "n P"]) -> Float[Array, " N"]:
    """Return one value per channel and sample (N,), from (P,), (n, 1) or ()."""
    return jnp.broadcast_to(value, like.shape).reshape(-1)


def _flat(path: Drive) -> Flat:
    return path.reshape(len(path), -1)


def _shared(theta: Theta, delta: Lanes, f: Drive) -> tuple[Flat, Float[Array, " N"], Flat]:
    return jnp.stack([_spread(value, f[0]) for value in theta.values()]), _spread(delta, f[0]), _flat(f)


@dataclass(frozen=True)
class Kernel:
    """The kernels of one entry of ``kernels.passes.KERNELS``."""

    entry: passes.Kernel

    def call(self, name: Pass, rows: tuple[int, ...], *arguments: Array) -> list[Flat]:
        """Run one kernel over all channels; return its outputs, with the numbers of rows in ``rows``."""
        like = arguments[2]
        if any(argument.dtype != like.dtype for argument in arguments):  # the kernel would reinterpret the bits
            raise TypeError(f"a fused kernel wants arrays of one dtype, not {[str(argument.dtype) for argument in arguments]}")
        if jax.default_backend() != "cpu":
            keep = name == "forward" and rows[1] == len(like)
            return fused_gpu.call(self.entry.hamiltonian, name, self.entry.kick_at, keep, arguments)
        outputs = [jax.ShapeDtypeStruct((count, like.shape[1]), like.dtype) for count in rows]
        call = jax.ffi.ffi_call(_target(self.entry.hamiltonian, name, str(like.dtype)), outputs, vmap_method="sequential")
        return list(call(*arguments, at_third=np.int64(self.entry.kick_at == "midpoint")))

    def forward(self, unit: Hamiltonian, theta: Theta, delta: Lanes, f: Drive) -> tuple[Drive, Residuals]:
        """Return φ_1..φ_K and the residuals for the backward pass.

        These are both histories for BPTT, and the final state for an echo.
        """
        phi, pi = self.path(unit, theta, delta, f, len(f) if self.entry.backward == "adjoint" else 1)
        return phi, (_flat(phi), pi) if self.entry.backward == "adjoint" else (phi[-1].reshape(-1), pi[0])

    def path(self, unit: Hamiltonian, theta: Theta, delta: Lanes, f: Drive, rows: int) -> tuple[Drive, Flat]:
        """Return φ_1..φ_K and the last ``rows`` momenta."""
        theta = {name: theta[name] for name in unit.parameters}
        phi, pi = self.call("forward", (len(f), rows), *_shared(theta, delta, f))
        return phi.reshape(f.shape), pi

    def backward(
        self, unit: Hamiltonian, nudge: Nudge, theta: Theta, delta: Lanes, f: Drive, kept: Residuals, g: Drive
    ) -> tuple[Theta, Lanes, Drive, Drive]:
        """Return dL/dθ, dL/dδ, and dL/df for u and for B, from g = dL/dφ."""
        own, (phi, pi) = {name: theta[name] for name in unit.parameters}, kept
        if self.entry.backward == "adjoint":
            given = (phi, pi, _flat(g))
        else:
            given = (_flat(g), _spread(epsilon(nudge, unit.steepness(theta), g), f[0]), phi, pi)
        paths = 2 if self.entry.backward == "released_echo" else 1
        rows = (len(f),) * paths + (len(own) + 1,)
        *drives, sums = self.call(self.entry.backward, rows, *_shared(own, delta, f), *given)
        lanes = sums.reshape(-1, *f.shape[1:])
        of_theta = {name: narrow(lanes[i], value) for i, (name, value) in enumerate(own.items())}
        return of_theta, narrow(lanes[-1], delta), drives[0].reshape(f.shape), drives[-1].reshape(f.shape)


def fused(kernel: Kernel) -> Trajectory:
    """Return the trajectory of a kernel; it equals the portable one to rounding."""

    @partial(jax.custom_vjp, nondiff_argnums=(0, 1, 2))
    def trajectory(
        unit: Hamiltonian, stepper: Integrator, nudge: Nudge, theta: Theta, delta: Lanes, f: Drive, f_B: Drive
    ) -> Drive:
        del stepper, nudge, f_B
        return kernel.path(unit, theta, delta, f, 1)[0]

    def keep(
        unit: Hamiltonian, stepper: Integrator, nudge: Nudge, theta: Theta, delta: Lanes, f: Drive, f_B: Drive
    ) -> tuple[Drive, tuple[Theta, Lanes, Drive, Residuals]]:
        del stepper, nudge, f_B
        phi, kept = kernel.forward(unit, theta, delta, f)
        return phi, (theta, delta, f, kept)

    def backward(
        unit: Hamiltonian, stepper: Integrator, nudge: Nudge, kept: tuple[Theta, Lanes, Drive, Residuals], g: Drive
    ) -> tuple[Theta, Lanes, Drive, Drive]:
        del stepper
        return kernel.backward(unit, nudge, *kept, g)

    trajectory.defvjp(keep, backward)
    return one_drive(trajectory)
