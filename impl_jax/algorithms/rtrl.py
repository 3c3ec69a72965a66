"""Real-time recurrent learning: sensitivities propagated forward; exact, since channels are independent."""

import jax
import jax.numpy as jnp

from impl_jax.interface import Hamiltonian, Integrator, Lanes, Pair, Theta
from impl_jax.recurrence import Drive, from_echo, lanes, make_move, narrow
from rhelbench.spec import Nudge

#: The state; M = ∂Φ_k/∂Φ_0 by rows (of φ, of π); S = ∂Φ_k/∂x by name x.
Tangents = tuple[Pair, tuple[Pair, Pair], dict[str, Pair]]


def advance(
    hamiltonian: Hamiltonian, integrator: Integrator, theta: Theta, delta: Lanes, carry: Tangents, f_k: Lanes
) -> tuple[Tangents, Pair]:
    """Take one time step: M ← J M and S ← J S + ∂Φ_{k+1}/∂x for x each θ and δ.

    J is the Jacobian of the time step, per channel.

    Args:
        hamiltonian: T and V.
        integrator: one time step.
        theta: parameters by letter, (n, P) each.
        delta: step size δ (n, P).
        carry: state, M and S.
        f_k: input drive (n, P).

    Returns:
        The new state with its tangents, and ∂Φ_{k+1}/∂f_{k+1} as (∂φ, ∂π).
    """
    state, M, S = carry
    after, pull = jax.vjp(make_move(hamiltonian, integrator), theta, delta, *state, f_k)
    one, zero = jnp.ones_like(f_k), jnp.zeros_like(f_k)
    rows = pull((one, zero)), pull((zero, one))

    def through(column: Pair) -> Pair:
        return rows[0][2] * column[0] + rows[0][3] * column[1], rows[1][2] * column[0] + rows[1][3] * column[1]

    first, second = through((M[0][0], M[1][0])), through((M[0][1], M[1][1]))
    own = [row[0] | {"delta": row[1]} for row in rows]
    moved = {name: through(column) for name, column in S.items()}
    S = {name: (of_phi + own[0][name], of_pi + own[1][name]) for name, (of_phi, of_pi) in moved.items()}
    return (after, ((first[0], second[0]), (first[1], second[1])), S), (rows[0][4], rows[1][4])


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
    """Return the gradients from two passes forward in time.

    First, online: dL/dx = Σ_k g_k ∂φ_k/∂x and T = Σ_k g_k ∂φ_k/∂Φ_0. Second, for the drive:
    dL/df_j = (T − Σ_{k<j} g_k ∂φ_k/∂Φ_0) M_j⁻¹ ∂Φ_j/∂f_j. The input is never replayed in reverse.

    Arguments and returns: see ``recurrence.from_echo``. ``nudge`` and ``final`` are not used.

    Source:
        Williams & Zipser, A learning algorithm for continually running fully recurrent neural networks, 1989.
        The second pass is new here.
    """
    del nudge
    wide, step_size = lanes(theta, delta, final[0])
    one, zero = jnp.ones_like(final[0]), jnp.zeros_like(final[0])
    start: Tangents = ((zero, zero), ((one, zero), (zero, one)), dict.fromkeys((*theta, "delta"), (zero, zero)))

    def online(carry: tuple[Tangents, Theta, Pair], at_k: tuple[Lanes, Lanes]) -> tuple[tuple[Tangents, Theta, Pair], None]:
        tangents, sums, total = carry
        f_k, g_k = at_k
        tangents, _ = advance(hamiltonian, integrator, wide, step_size, tangents, f_k)
        _, (row, _), S = tangents
        sums = {name: value + g_k * S[name][0] for name, value in sums.items()}
        return (tangents, sums, (total[0] + g_k * row[0], total[1] + g_k * row[1])), None

    def of_drive(carry: tuple[Tangents, Pair], at_k: tuple[Lanes, Lanes]) -> tuple[tuple[Tangents, Pair], Lanes]:
        tangents, rest = carry
        f_k, g_k = at_k
        tangents, kick = advance(hamiltonian, integrator, wide, step_size, tangents, f_k)
        (a, b), (c, d) = tangents[1]
        of_f = (rest[0] * (d * kick[0] - b * kick[1]) + rest[1] * (a * kick[1] - c * kick[0])) / (a * d - b * c)
        return (tangents, (rest[0] - g_k * a, rest[1] - g_k * b)), of_f

    (_, sums, total), _ = jax.lax.scan(online, (start, dict.fromkeys(start[2], zero), (zero, zero)), (f, g))
    _, of_f = jax.lax.scan(of_drive, (start, total), (f, g))
    return {name: narrow(sums[name], theta[name]) for name in theta}, narrow(sums["delta"], delta), of_f, of_f


trajectory = from_echo(backward)
