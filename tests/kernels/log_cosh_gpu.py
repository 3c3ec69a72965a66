"""The Triton kernels at given numbers: ``python log_cosh_gpu.py GIVEN.npz FOUND.npz``, on a GPU or in the interpreter."""

import os
import sys

import numpy as np
import torch
import triton
import triton.language as tl

from kernels.gpu import nonlinear
from kernels.gpu.elementary import all_of_cosh, any_contrast, tanh_and_sech2

DEVICE = "cpu" if os.environ.get("TRITON_INTERPRET") == "1" else "cuda"
BLOCK = 64


@triton.jit
def elementary(a, beta, N, out, BLOCK: tl.constexpr):
    """Write what the functions of cosh give, and the mean of the general pair."""
    lane = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    live = lane < N
    x, b = tl.load(a + lane, mask=live, other=0.0), tl.load(beta + lane, mask=live, other=0.0)
    t, sech2 = tanh_and_sech2(x)
    other_t, other_sech2, energy = all_of_cosh(x)
    mean, _, _, _ = any_contrast(x, b)
    tl.store(out + lane, t, mask=live)
    tl.store(out + N + lane, sech2, mask=live)
    tl.store(out + 2 * N + lane, other_t, mask=live)
    tl.store(out + 3 * N + lane, other_sech2, mask=live)
    tl.store(out + 4 * N + lane, energy, mask=live)
    tl.store(out + 5 * N + lane, mean, mask=live)


def main() -> None:
    """Run ``elementary`` on a and β, and ``pair_echo`` and ``released_echo`` on their arrays of one step."""
    given = {key: torch.from_numpy(value).to(DEVICE) for key, value in np.load(sys.argv[1]).items()}
    a, beta = given["a"], given["beta"]
    grid = (triton.cdiv(len(a), BLOCK),)
    rows = a.new_empty((6, len(a)))
    elementary[grid](a, beta, len(a), rows, BLOCK=BLOCK)
    found = {"elementary": rows}
    for name in ("pair_echo", "released_echo"):
        arrays = [given[f"{name}.{key}"] for key in ("theta", "delta", "f", "g", "epsilon", "phi", "pi")]
        N = arrays[0].shape[1]
        path, found[name] = a.new_empty((1, N)), a.new_empty((5, N))
        kernel = getattr(nonlinear, name)
        kernel[(triton.cdiv(N, BLOCK),)](*arrays, 1, N, path, found[name], AT_MIDPOINT=True, BLOCK=BLOCK)
    np.savez(sys.argv[2], **{key: value.cpu().numpy() for key, value in found.items()})


if __name__ == "__main__":
    main()
