"""Forward gradients: the exact directional derivative times a random direction; unbiased, high variance."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Key

from impl_jax.interface import Hamiltonian, Integrator, Lanes, Pair, Theta
from impl_jax.recurrence import Drive, forward, from_echo, lanes, narrow
from rhelbench.spec import Nudge


def key_of(g: Drive) -> Key[Array, ""]:
    """Return a random key computed from the bits of the incoming gradient.

    It changes with every optimiser step and is the same when a run is repeated.
    """
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
    """Return estimates D v of the gradients, with D = Σ_k g_k ∂φ_k/∂x v and v ~ N(0, 1).

    x is (θ, δ), then f, or the larger derivative would mask the smaller. Channels are independent, so each
    sample and channel has its own direction and D. The estimates are unbiased; the variance for f grows with
    its K entries.

    Arguments and returns: see ``recurrence.from_echo``. ``nudge`` and ``final`` are not used.

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
