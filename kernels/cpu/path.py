"""What is asked of a path (K, N) as a whole, lane by lane."""

from kernels.cpu.launch import jit


@jit
def squares(g, sums, lo, hi):
    """Write each lane's Σ_k g², (N,), in double."""
    out = sums[lo:hi]
    out[:] = 0
    for k in range(g.shape[0]):
        row = g[k, lo:hi]
        for j in range(len(out)):
            value = out.dtype.type(row[j])
            out[j] += value * value
