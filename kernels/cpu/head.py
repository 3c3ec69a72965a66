"""A block up to its trajectory: the norm's statistics, the norm, the drive, and their way back.

Arrays of one dtype, float32 or float64, with rows r = k n + sample; x, u and g = dL/du (R, H), f (R, P), B (P, H).
Rows come in parts of ``size``; a kernel works on parts ``lo`` to ``hi``, ``CHUNK`` rows at a time where it makes a matrix
product of them. Sums over rows are added up in order within each part, so that no split between threads changes a bit.
A gradient that the mean over time sends back, as ``beside`` may be, is given by its first rows alone: they are counted from the
start again where they end.
"""

import numpy as np
from numba.extending import register_jitable

from kernels.cpu.launch import CHUNK, jit
from kernels.cpu.product import add_times, add_transposed_times, times_transposed

#: Rows whose sums ``moments`` makes in single precision; ``CHUNK`` is a multiple of it.
STRETCH = 128


@jit
def moments(x, means, squares, size, lo, hi):
    """Write each stretch's channel means and sums of squared distances from them."""
    for first in range(lo * size, min(hi * size, len(x)), STRETCH):
        last = min(first + STRETCH, len(x))
        mean, square = means[first // STRETCH], squares[first // STRETCH]
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


@register_jitable
def stretches(rows):
    """Return how many stretches there are."""
    return (rows + STRETCH - 1) // STRETCH


@jit
def combine(means, squares, rows, mean, var):
    """Write each channel's mean and biased variance, put together in double from those of stretches."""
    total = np.zeros((2, len(mean)))
    for i in range(len(means)):
        count = float(min(STRETCH, rows - i * STRETCH))
        for j in range(len(mean)):
            total[0, j] += count * means[i, j]
    total[0] /= rows
    for i in range(len(means)):
        count = float(min(STRETCH, rows - i * STRETCH))
        for j in range(len(mean)):
            off = means[i, j] - total[0, j]
            total[1, j] += squares[i, j] + count * (off * off)
    mean[:], var[:] = total[0], total[1] / rows


@jit
def drive(u, B, f, size, lo, hi):
    """Write f = u Bᵀ."""
    for first in range(lo * size, min(hi * size, len(u)), CHUNK):
        last = min(first + CHUNK, hi * size, len(u))
        times_transposed(u[first:last], B, f[first:last])


@jit
def head(x, mean, rate, B, u, f, size, lo, hi):
    """Write u = (x − mean) ⊙ rate and f = u Bᵀ."""
    for first in range(lo * size, min(hi * size, len(x)), CHUNK):
        last = min(first + CHUNK, hi * size, len(x))
        for r in range(first, last):
            row, out = x[r], u[r]
            for j in range(len(mean)):
                out[j] = (row[j] - mean[j]) * rate[j]
        times_transposed(u[first:last], B, f[first:last])


@jit
def head_back(u, B, of_f, of_B, g, to_B, sums, size, lo, hi):
    """Add of_f B to g = dL/du, in its place; write each part's gradient of B, of_Bᵀ u, and its sums Σ g and Σ g ⊙ u."""
    own = np.empty((2, u.shape[1]), u.dtype)
    of_g, of_gu = own[0], own[1]
    for part in range(lo, hi):
        end = min((part + 1) * size, len(u))
        to_B[part], sums[part] = 0, 0
        for first in range(part * size, end, CHUNK):
            last = min(first + CHUNK, end)
            add_times(of_f[first:last], B, g[first:last])
            add_transposed_times(of_B[first:last], u[first:last], to_B[part])
            own[:] = 0
            for r in range(first, last):
                g_r, u_r = g[r], u[r]
                for j in range(len(of_g)):
                    of_g[j] += g_r[j]
                    of_gu[j] += g_r[j] * u_r[j]
            sums[part] += own


@jit
def normalise_back(g, u, beside, rate, slope, shift, size, lo, hi):
    """Turn g, in its place, into dL/dx = beside + rate ⊙ g + slope ⊙ u + shift; ``beside`` came past the block."""
    for r in range(lo * size, min(hi * size, g.shape[0])):
        g_r, u_r, beside_r = g[r], u[r], beside[r % len(beside)]
        for j in range(len(rate)):
            g_r[j] = beside_r[j] + (rate[j] * g_r[j] + (slope[j] * u_r[j] + shift[j]))


#: What is called from outside.
KERNELS = (moments, combine, drive, head, head_back, normalise_back)
