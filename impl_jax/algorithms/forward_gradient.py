"""Forward gradients: the exact slope along one random direction, times the direction; right on average, seldom close."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Key

from impl_jax.interface import Hamiltonian, Integrator, Lanes, Pair, Theta
from impl_jax.recurrence import Drive, forward, from_echo, lanes, narrow
from rhelbench.spec import Nudge


def key_of(g: Drive) -> Key[Array, ""]:
    """Return a key made of the bits of the incoming gradient: another draw at every step, the same one when repeated."""
    return jax.random.key(jnp.sum(jax.lax.bitcast_convert_type(g, jnp.uint32), dtype=jnp.uint32))


def backward(
    hamiltonian: Hamiltonian,
    integrator: Integrator,
    nudge: Nudge,
    theta: Theta,
    delta: Lanes,
    f: Drive,
    final: Pair,
    g: Drive,
) -> tuple[Theta, Lanes, Drive, Drive]:
    """Return estimates of dL/dθ, dL/dδ and dL/df (twice): D v, with D = Σ_k g_k ∂φ_k/∂x v and v ~ N(0, 1).

    Once for x = (θ, δ) and once for x = f, or the larger slope would drown the smaller. Every sample and lane has directions and
    slopes of its own, since lanes do not mix. Unbiased; that of the drive varies with its K entries.

    Args:
        hamiltonian: what is integrated.
        integrator: how it is stepped.
        nudge: not used: nothing is nudged.
        theta: θ by letter, () or (P,).
        delta: step size, () or (P,).
        f: drive, (K, n, P).
        final: (φ_K, π_K), each (n, P); not used.
        g: dL/dφ_k, (K, n, P).

    Source:
        Baydin et al., Gradients without backpropagation, 2022.
    """
    del nudge
    wide, step_size = lanes(theta, delta, final[0])
    keys = dict(zip((*theta, "delta", "f"), jax.random.split(key_of(g), len(theta) + 2), strict=True))

    def draw(name: str, like: Lanes) -> Lanes:
        return jax.random.normal(keys[name], like.shape, like.dtype)

    v = {name: draw(name, value) for name, value in wide.items()}
    v_delta, v_f = draw("delta", step_size), draw("f", f)

    def run(theta: Theta, delta: Lanes, f: Drive) -> Drive:
        return forward(hamiltonian, integrator, theta, delta, f)[0]

    _, tangent = jax.jvp(lambda theta, delta: run(theta, delta, f), (wide, step_size), (v, v_delta))
    _, tangent_f = jax.jvp(lambda f: run(wide, step_size, f), (f,), (v_f,))
    slope, slope_f = jnp.sum(g * tangent, axis=0), jnp.sum(g * tangent_f, axis=0)
    gradients = {name: narrow(slope * v[name], value) for name, value in theta.items()}
    return gradients, narrow(slope * v_delta, delta), slope_f * v_f, slope_f * v_f


trajectory = from_echo(backward)
