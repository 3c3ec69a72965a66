"""Time of the passes of ``kernels.gpu`` on this host's GPU, against bandwidth and the latency bound."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch

from impl_torch.passes import Arrays, on_gpu
from kernels.passes import Pass
from rhelbench.errors import UserError
from rhelbench.seeds import generator

#: Number of trajectory-sized arrays that a pass reads and writes, by (pass, whether every momentum is stored) and Hamiltonian.
PATHS: dict[tuple[Pass, bool], dict[str, int]] = {
    ("forward", False): {"linear": 2, "nonlinear": 2},
    ("forward", True): {"linear": 3, "nonlinear": 3},
    ("adjoint", False): {"linear": 5, "nonlinear": 5},
    ("pair_echo", False): {"linear": 3, "nonlinear": 3},
    ("released_echo", False): {"linear": 4, "nonlinear": 3},
}
#: Measuring time of each pass, in milliseconds.
REPETITIONS = 100


def draw_arrays(hamiltonian: str, length: int, lanes: int) -> Arrays:
    """Return a pass's random arrays in float32: stable units, f and g ~ N(0, 1), a small ε, a trajectory.

    Args:
        hamiltonian: linear or nonlinear.
        length: time steps K.
        lanes: channels N.
    """
    draw = generator("bench/passes", hamiltonian, 0, 0)
    rows = 1 if hamiltonian == "linear" else 4
    numbers = {
        "theta": draw.uniform(0.3, 0.9, (rows, lanes)), "delta": draw.uniform(0.1, 0.5, lanes), "epsilon": np.full(lanes, 1e-7),
    }  # fmt: skip
    arrays = {key: torch.tensor(value, dtype=torch.float32, device="cuda") for key, value in numbers.items()}
    torch.manual_seed(int(draw.integers(2**31)))
    arrays |= {key: torch.randn((length, lanes), device="cuda") for key in ("f", "g")}
    return arrays | on_gpu(hamiltonian, "forward", arrays, kick_at="midpoint", keep=True)


def _times(call: Callable[[], object]) -> tuple[float, float, float]:
    """Return median and quartiles in µs of the call's kernels, replayed as a CUDA graph without Python."""
    from triton.testing import do_bench_cudagraph

    found: Any = do_bench_cudagraph(call, rep=REPETITIONS, quantiles=[0.5, 0.25, 0.75])
    median, q1, q3 = found
    return 1e3 * median, 1e3 * q1, 1e3 * q3


def copy_gb_s() -> float:
    """Return the bandwidth of a copy of 1 GiB (bytes read plus written) in GB/s."""
    source = torch.rand(2**28, device="cuda")
    target = torch.empty_like(source)
    return 2 * source.nbytes / _times(lambda: target.copy_(source))[0] / 1e3


def _chain_us(arrays: Arrays, pair: bool) -> float:
    from kernels.gpu.passes import chain

    length, lanes = arrays["f"].shape
    launch, end = chain(length, lanes, pair), torch.empty(lanes, device="cuda")
    run = partial(launch.kernel[launch.grid], arrays["theta"], arrays["delta"], length, lanes, end, **launch.constants)
    return _times(run)[0]


def rows(sizes: dict[str, list[list[int]]]) -> Iterator[dict[str, Any]]:
    """Measure every pass at every size.

    Args:
        sizes: list of [K, N] by Hamiltonian.

    Returns:
        Rows with hamiltonian, pass, kept, length, lanes; us, us_q1, us_q3. ``gb_s``: bytes of the arrays that
        the pass must read and write, each once, per time. ``copy_gb_s``: see ``copy_gb_s``. ``chain_us``: latency
        bound of the nonlinear unit, its time steps in registers only.

    Raises:
        UserError: there is no GPU.
    """
    if not torch.cuda.is_available():
        raise UserError("bench --passes measures kernels on an NVIDIA GPU and sees none here: run it where there is one.")
    copy = copy_gb_s()
    for hamiltonian, pairs in sizes.items():
        for length, lanes in pairs:
            arrays = draw_arrays(hamiltonian, length, lanes)
            last = {key: arrays[key][-1].contiguous() for key in ("phi", "pi")}
            for (name, keep), paths in PATHS.items():
                own = arrays | last if name.endswith("echo") else arrays
                us, q1, q3 = _times(partial(on_gpu, hamiltonian, name, own, "midpoint", keep))
                chained = hamiltonian == "nonlinear" and name in ("forward", "pair_echo")
                yield {
                    "hamiltonian": hamiltonian, "pass": name, "kept": keep, "length": length, "lanes": lanes,
                    "us": us, "us_q1": q1, "us_q3": q3,
                    "gb_s": 4e-3 * paths[hamiltonian] * length * lanes / us, "copy_gb_s": copy,
                    "chain_us": _chain_us(arrays, name == "pair_echo") if chained else None,
                    "device": torch.cuda.get_device_name(), "torch": torch.__version__,
                }  # fmt: skip
