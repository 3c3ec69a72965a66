"""The Hamiltonian recurrent unit: read-in, recurrence, read-out."""

from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from impl_jax.algorithms import ALGORITHMS
from impl_jax.fused import Kernel, fused
from impl_jax.fused_gpu import usable
from impl_jax.hamiltonians import HAMILTONIANS
from impl_jax.integrators import INTEGRATORS
from impl_jax.interface import Hamiltonian, Integrator, Theta
from impl_jax.recurrence import Trajectory, fidelity
from kernels.passes import choose
from rhelbench.registry import MODELS
from rhelbench.spec import Nudge, Switches

#: No reduced-precision products (TF32, bfloat16 passes) on any device.
PRECISION = jax.lax.Precision.HIGHEST


@dataclass(frozen=True)
class Unit:
    """Configuration of a unit.

    Args:
        hamiltonian: T and V; None for a unit without state, whose output is D ⊙ u.
        integrator: one time step.
        trajectory: gradient estimator, portable or fused.
        kernel: kernel of a fused trajectory; None for a portable one.
        nudge: mode and size of the nudge.
        paired: 2P channels, real and imaginary parts of a complex state, which share θ and δ.
        c_squash: sigmoids between c and c̃.
        delta_trained: False freezes δ.
    """

    hamiltonian: Hamiltonian | None
    integrator: Integrator
    trajectory: Trajectory
    kernel: Kernel | None
    nudge: Nudge
    paired: bool
    c_squash: int
    delta_trained: bool


def unit_of(name: str, switches: Switches, kernel: Literal["auto", "portable", "fused"] = "portable") -> Unit:
    """Return the unit of a model under a run's switches.

    Args:
        name: the model, a key of ``registry.MODELS``.
        switches: algorithm, integrator, nudge, c_squash, delta_trained.
        kernel: as in ``kernels.passes.choose``. On a GPU without jax-triton, ``auto`` uses the portable
            implementation and prints so.

    Raises:
        UserError: ``fused``, and there is no kernel, or jax-triton is missing.
    """
    model = MODELS[name]
    trajectory, kernels = ALGORITHMS[switches.algorithm], None
    entry = choose(kernel, model.hamiltonian, switches.integrator, switches.algorithm) if model.hamiltonian else None
    if entry is not None and (jax.default_backend() == "cpu" or usable(required=kernel == "fused")):
        kernels = Kernel(entry)
        trajectory = fused(kernels)
    return Unit(
        hamiltonian=HAMILTONIANS[model.hamiltonian] if model.hamiltonian else None,
        integrator=INTEGRATORS[switches.integrator],
        trajectory=trajectory,
        kernel=kernels,
        nudge=switches.nudge,
        paired=model.paired,
        c_squash=switches.c_squash,
        delta_trained=switches.delta_trained,
    )


def dense(x: Float[Array, "K n a"], weight: Float[Array, "b a"]) -> Float[Array, "K n b"]:
    """Return x Wᵀ as one flat product, so that the weight's gradient is one flat product, too."""
    K, n, _ = x.shape
    return jnp.matmul(x.reshape(K * n, -1), weight.T, precision=PRECISION).reshape(K, n, -1)


def physical(hamiltonian: Hamiltonian, unit: Unit, raw: Theta) -> tuple[Theta, Float[Array, "..."]]:
    """Return θ and δ per channel; a complex state repeats them for its real and imaginary parts."""
    theta, delta = hamiltonian.physical(raw, unit.c_squash)
    if not unit.delta_trained:
        delta = jax.lax.stop_gradient(delta)
    if unit.paired:
        twice = lambda value: jnp.concatenate([value, value]) if value.ndim else value  # noqa: E731
        theta, delta = {name: twice(value) for name, value in theta.items()}, twice(delta)
    return theta, delta


def read_in(unit: Unit, raw: Theta) -> Float[Array, "lanes H"]:
    """Return B (P, H), or B_re above B_im (2P, H)."""
    return jnp.concatenate([raw["B_re"], raw["B_im"]]) if unit.paired else raw["B"]


def hru(unit: Unit, raw: Theta, u: Float[Array, "K n H"]) -> Float[Array, "K n H"]:
    """Return C φ + D ⊙ u for the input drive f = B u.

    The complex form has 2P real channels: f = (B_re u, B_im u), output Re(C φ) = C_re φ_re − C_im φ_im.

    Args:
        unit: its configuration.
        raw: trainable values by letter.
        u: inputs (K, n, H).

    Returns:
        Outputs (K, n, H).

    Source:
        Paper, section 4.
    """
    through = raw["D"] * u
    if unit.hamiltonian is None:
        return through
    theta, delta = physical(unit.hamiltonian, unit, raw)
    B, hold = read_in(unit, raw), jax.lax.stop_gradient
    # Equal values, merged by the compiler: one carries the gradient of u, the other that of B.
    f, f_B = dense(u, hold(B)), dense(hold(u), B)
    phi = unit.trajectory(unit.hamiltonian, unit.integrator, unit.nudge, theta, delta, f, f_B)
    return dense(phi, mixing(unit, raw)) + through


def mixing(unit: Unit, raw: Theta) -> Float[Array, "H lanes"]:
    """Return C (H, P), or C_re beside −C_im (H, 2P)."""
    return jnp.concatenate([raw["C_re"], -raw["C_im"]], axis=1) if unit.paired else raw["C"]


def echo_fidelity(unit: Unit, raw: Theta, u: Float[Array, "K n H"]) -> Float[Array, " n"]:
    """Return ‖Φe_end‖/max‖Φ‖ per sample of an echo without nudge; 0 for a unit without state."""
    if unit.hamiltonian is None:
        return jnp.zeros(u.shape[1], u.dtype)
    theta, delta = physical(unit.hamiltonian, unit, raw)
    return fidelity(unit.hamiltonian, unit.integrator, theta, delta, dense(u, read_in(unit, raw)))
