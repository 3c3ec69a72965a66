"""A block's passes over memory beside its matrix products and its trajectory: norm, GELU, gate, dropout, residual.

Arrays of one dtype, float32 or float64, with rows r = k n + sample and H columns. Rows come in stretches of ``STRETCH``; a kernel
works on stretches ``lo`` to ``hi`` and writes one row of sums for each, so that no split between threads changes a bit.

A mask: bits (m, H), int16, row r // every of which belongs to row r; an entry counts ``scale`` where its bits are at least
``limit``, and nothing elsewhere.
A gradient that the mean over time sends back is given by its first rows alone: those of ``g`` in ``gate_back`` and of ``beside``
are counted from the start again where they end.
"""

from kernels.cpu.elementary import tanh
from kernels.cpu.launch import jit

#: Rows per stretch: a few arrays of it fit the second-level cache.
STRETCH = 128
_ROOT, _CUBE = 0.7978845608028654, 0.044715  # GELU: x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2


@jit
def moments(x, means, squares, lo, hi):
    """Write each stretch's channel means and sums of squared distances from them."""
    for s in range(lo, hi):
        first, last = s * STRETCH, min((s + 1) * STRETCH, x.shape[0])
        mean, square = means[s], squares[s]
        mean[:], square[:] = 0, 0
        for r in range(first, last):
            row = x[r]
            for j in range(len(mean)):
                mean[j] += row[j]
        mean /= mean.dtype.type(last - first)
        for r in range(first, last):
            row = x[r]
            for j in range(len(mean)):
                square[j] += (row[j] - mean[j]) * (row[j] - mean[j])


@jit
def normalise(x, mean, rate, u, lo, hi):
    """Write u = (x − mean) ⊙ rate."""
    for r in range(lo * STRETCH, min(hi * STRETCH, x.shape[0])):
        row, out = x[r], u[r]
        for j in range(len(mean)):
            out[j] = (row[j] - mean[j]) * rate[j]


@jit
def normalise_sums(g, u, sums, lo, hi):
    """Write each stretch's Σ g and Σ g ⊙ u."""
    for s in range(lo, hi):
        of_g, of_gu = sums[s, 0], sums[s, 1]
        of_g[:], of_gu[:] = 0, 0
        for r in range(s * STRETCH, min((s + 1) * STRETCH, g.shape[0])):
            g_r, u_r = g[r], u[r]
            for j in range(len(of_g)):
                of_g[j] += g_r[j]
                of_gu[j] += g_r[j] * u_r[j]


@jit
def normalise_back(g, u, beside, rate, slope, shift, lo, hi):
    """Turn g, in its place, into dL/dx = beside + rate ⊙ g + slope ⊙ u + shift; ``beside`` came past the block."""
    for r in range(lo * STRETCH, min(hi * STRETCH, g.shape[0])):
        g_r, u_r, beside_r = g[r], u[r], beside[r % len(beside)]
        for j in range(len(rate)):
            g_r[j] = beside_r[j] + (rate[j] * g_r[j] + (slope[j] * u_r[j] + shift[j]))


@jit
def activate(z, u, D, bits, every, limit, scale, y, lo, hi):
    """Write y = mask ⊙ GELU(v), v = z + D ⊙ u, and in z's place its slope dy/dv, all that the way back asks of v."""
    real = D.dtype.type
    half, one, root, cube, factor, nothing = real(0.5), real(1), real(_ROOT), real(_CUBE), real(scale), real(0)
    three = real(3)
    for r in range(lo * STRETCH, min(hi * STRETCH, z.shape[0])):
        z_r, u_r, bits_r, out = z[r], u[r], bits[r // every], y[r]
        for j in range(len(D)):
            v = z_r[j] + D[j] * u_r[j]
            kept = factor if bits_r[j] >= limit else nothing
            square = cube * (v * v)
            t = tanh(root * (v + v * square))
            rising = half * (one + t)
            out[j] = kept * (v * rising)
            z_r[j] = kept * (rising + half * v * (one - t * t) * (root * (one + three * square)))


@jit
def activate_back(slope, u, D, g, grad_u, sums, lo, hi):
    """Turn g = dL/dy into dL/dz, in its place; write D ⊙ dL/dz and each stretch's Σ u ⊙ dL/dz."""
    for s in range(lo, hi):
        of_D = sums[s]
        of_D[:] = 0
        for r in range(s * STRETCH, min((s + 1) * STRETCH, slope.shape[0])):
            slope_r, u_r, g_r, out = slope[r], u[r], g[r], grad_u[r]
            for j in range(len(D)):
                back = g_r[j] * slope_r[j]
                g_r[j] = back
                out[j] = D[j] * back
                of_D[j] += u_r[j] * back


@jit
def open_gate(ab, b1, b2, lo, hi):
    """Turn ab = (a, b), side by side, into (a + b1, σ(b + b2))."""
    real, H = b1.dtype.type, len(b1)
    half, one = real(0.5), real(1)
    for r in range(lo * STRETCH, min(hi * STRETCH, ab.shape[0])):
        a_r, b_r = ab[r, :H], ab[r, H:]
        for j in range(H):
            a_r[j] += b1[j]
            b_r[j] = half * (one + tanh(half * (b_r[j] + b2[j])))


@jit
def gate(ab, x, bits, every, limit, scale, out, lo, hi):
    """Write x + mask ⊙ a ⊙ b, ab = (a, b) as ``open_gate`` left them."""
    H = x.shape[1]
    factor, nothing = x.dtype.type(scale), x.dtype.type(0)
    for r in range(lo * STRETCH, min(hi * STRETCH, x.shape[0])):
        a_r, b_r, x_r, bits_r, out_r = ab[r, :H], ab[r, H:], x[r], bits[r // every], out[r]
        for j in range(H):
            kept = factor if bits_r[j] >= limit else nothing
            out_r[j] = x_r[j] + kept * (a_r[j] * b_r[j])


@jit
def gate_back(ab, bits, every, limit, scale, g, grad, sums, lo, hi):
    """Write dL/da and dL/db, of the b before σ, side by side, and each stretch's sum of them."""
    H = ab.shape[1] // 2
    one, factor, nothing = ab.dtype.type(1), ab.dtype.type(scale), ab.dtype.type(0)
    for s in range(lo, hi):
        of_a, of_b = sums[s, :H], sums[s, H:]
        of_a[:], of_b[:] = 0, 0
        for r in range(s * STRETCH, min((s + 1) * STRETCH, ab.shape[0])):
            a_r, b_r, bits_r, g_r, to_a, to_b = ab[r, :H], ab[r, H:], bits[r // every], g[r % len(g)], grad[r, :H], grad[r, H:]
            for j in range(H):
                kept = factor if bits_r[j] >= limit else nothing
                back_a = g_r[j] * kept * b_r[j]
                back_b = a_r[j] * (back_a * (one - b_r[j]))
                to_a[j], to_b[j] = back_a, back_b
                of_a[j] += back_a
                of_b[j] += back_b
