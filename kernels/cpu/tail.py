"""A block from its trajectory on: read-out, GELU, gate, dropout, residual, and their way back.

Arrays of one dtype, float32 or float64, with rows r = k n + sample; x, u, g = dL/dout (R, H), φ (R, P). Rows come in parts of
``size``; a kernel works on parts ``lo`` to ``hi``, ``CHUNK`` rows at a time, so that what it makes of them stays in the cache.
Sums over rows are added up chunk by chunk within each part, so that no split between threads changes a bit.

weights: C (H, P), D (H,), W (2H, H), b1, b2 (H,).
masks: after the unit, and after the gated linear unit; each is bits (m, H), int16, row r // every of which belongs to row r; an
entry counts ``scale`` where its bits are at least ``limit``, and nothing elsewhere.
kept: GELU's slope, y (R, H) and ab (R, 2H) as ``_inside`` makes them, or arrays without rows: then ``tail`` keeps nothing, and
``tail_back`` makes them again.
A gradient that the mean over time sends back, as g may be, is given by its first rows alone: they are counted from the start
again where they end.
"""

import numpy as np

from kernels.cpu.elementary import tanh
from kernels.cpu.launch import CHUNK, jit
from kernels.cpu.product import add_transposed_times, room, times, times_transposed

_ROOT, _CUBE = 0.7978845608028654, 0.044715  # GELU: x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2


@jit
def _activate(z, u, D, mask, first, y):
    """Write y = mask ⊙ GELU(v), v = z + D ⊙ u, and in z's place its slope dy/dv, all that the way back asks of v."""
    bits, every, limit, scale = mask
    real = D.dtype.type
    half, one, root, cube, factor, nothing = real(0.5), real(1), real(_ROOT), real(_CUBE), real(scale), real(0)
    three = real(3)
    for r in range(len(z)):
        z_r, u_r, bits_r, out = z[r], u[r], bits[(first + r) // every], y[r]
        for j in range(len(D)):
            v = z_r[j] + D[j] * u_r[j]
            kept = factor if bits_r[j] >= limit else nothing
            square = cube * (v * v)
            t = tanh(root * (v + v * square))
            rising = half * (one + t)
            out[j] = kept * (v * rising)
            z_r[j] = kept * (rising + half * v * (one - t * t) * (root * (one + three * square)))


@jit
def _open_gate(ab, b1, b2):
    """Turn ab = (a, b), side by side, into (a + b1, σ(b + b2))."""
    real, H = b1.dtype.type, len(b1)
    half, one = real(0.5), real(1)
    for r in range(len(ab)):
        a_r, b_r = ab[r, :H], ab[r, H:]
        for j in range(H):
            a_r[j] += b1[j]
            b_r[j] = half * (one + tanh(half * (b_r[j] + b2[j])))


@jit
def _inside(u, phi, weights, mask, first, slope, y, ab):
    """Write what lies between φ and the output: y = mask ⊙ GELU(C φ + D ⊙ u), its slope, and ab = (a, σ(b)) of the gate."""
    C, D, W, b1, b2 = weights
    times_transposed(phi, C, slope)
    _activate(slope, u, D, mask, first, y)
    times_transposed(y, W, ab)
    _open_gate(ab, b1, b2)


@jit
def _rooms(kept, like):
    """Return room for a chunk of what is not kept."""
    rows, H = CHUNK if len(kept[0]) == 0 else 0, like.shape[1]
    return room(rows, H, like), room(rows, H, like), room(rows, 2 * H, like)


@jit
def _chunk(kept, rooms, first, last):
    """Return the rows of a chunk of slope, y and ab."""
    if len(kept[0]):
        return kept[0][first:last], kept[1][first:last], kept[2][first:last]
    return rooms[0][: last - first], rooms[1][: last - first], rooms[2][: last - first]


@jit
def tail(x, u, phi, weights, masks, kept, out, size, lo, hi):
    """Write out = x + mask ⊙ a ⊙ σ(b)."""
    rooms, H = _rooms(kept, x), x.shape[1]
    bits, every, limit, scale = masks[1]
    factor, nothing = x.dtype.type(scale), x.dtype.type(0)
    for first in range(lo * size, min(hi * size, len(x)), CHUNK):
        last = min(first + CHUNK, hi * size, len(x))
        slope, y, ab = _chunk(kept, rooms, first, last)
        _inside(u[first:last], phi[first:last], weights, masks[0], first, slope, y, ab)
        for r in range(first, last):
            a_r, b_r, x_r, bits_r, out_r = ab[r - first, :H], ab[r - first, H:], x[r], bits[r // every], out[r]
            for j in range(H):
                opened = factor if bits_r[j] >= limit else nothing
                out_r[j] = x_r[j] + opened * (a_r[j] * b_r[j])


@jit
def _gate_back(ab, mask, first, g, grad, of_ab):
    """Write dL/da and dL/db, of the b before σ, side by side, and their sums over the rows."""
    bits, every, limit, scale = mask
    H = ab.shape[1] // 2
    one, factor, nothing = ab.dtype.type(1), ab.dtype.type(scale), ab.dtype.type(0)
    of_a, of_b = of_ab[:H], of_ab[H:]
    of_ab[:] = 0
    for r in range(len(ab)):
        a_r, b_r, bits_r, g_r = ab[r, :H], ab[r, H:], bits[(first + r) // every], g[(first + r) % len(g)]
        to_a, to_b = grad[r, :H], grad[r, H:]
        for j in range(H):
            opened = factor if bits_r[j] >= limit else nothing
            back_a = g_r[j] * opened * b_r[j]
            back_b = a_r[j] * (back_a * (one - b_r[j]))
            to_a[j], to_b[j] = back_a, back_b
            of_a[j] += back_a
            of_b[j] += back_b


@jit
def _activate_back(slope, u, D, g, grad_u, of_D):
    """Turn g = dL/dy into dL/dz, in its place; write D ⊙ dL/dz and Σ u ⊙ dL/dz over the rows."""
    of_D[:] = 0
    for r in range(len(slope)):
        slope_r, u_r, g_r, out = slope[r], u[r], g[r], grad_u[r]
        for j in range(len(D)):
            back = g_r[j] * slope_r[j]
            g_r[j] = back
            out[j] = D[j] * back
            of_D[j] += u_r[j] * back


@jit
def tail_back(u, phi, weights, masks, kept, g, of_u, of_phi, to_weights, size, lo, hi):
    """Write the gradients of u and φ, and each part's gradients of C, D, W and b = (b1, b2), those of D and b in double."""
    C, D, W, _, _ = weights
    to_C, to_D, to_W, to_b = to_weights
    rooms, H = _rooms(kept, u), len(D)
    of_y, of_ab = room(CHUNK, H, u), room(CHUNK, 2 * H, u)
    own_D, own_b = np.empty(H, u.dtype), np.empty(2 * H, u.dtype)
    for part in range(lo, hi):
        end = min((part + 1) * size, len(u))
        to_C[part], to_D[part], to_W[part], to_b[part] = 0, 0, 0, 0
        for first in range(part * size, end, CHUNK):
            last = min(first + CHUNK, end)
            slope, y, ab = _chunk(kept, rooms, first, last)
            u_s, phi_s, back, back_ab = u[first:last], phi[first:last], of_y[: last - first], of_ab[: last - first]
            if len(kept[0]) == 0:
                _inside(u_s, phi_s, weights, masks[0], first, slope, y, ab)
            _gate_back(ab, masks[1], first, g, back_ab, own_b)
            to_b[part] += own_b
            add_transposed_times(back_ab, y, to_W[part])
            times(back_ab, W, back)
            _activate_back(slope, u_s, D, back, of_u[first:last], own_D)
            to_D[part] += own_D
            times(back, C, of_phi[first:last])
            add_transposed_times(back, phi_s, to_C[part])


#: What is called from outside.
KERNELS = (tail, tail_back)
