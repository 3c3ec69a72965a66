"""Compile every Triton kernel for a GPU that need not be there: ``python gpu_compile.py 90 fp32``; prints how many."""

import sys

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from kernels.gpu.passes import Launch, chain, launches


def compiled(launch: Launch, capability: int, dtype: str) -> bytes:
    """Return the machine code; the driver is not asked."""
    constants = {key: value for key, value in launch.constants.items() if key != "num_warps"}
    arrays = len(launch.inputs)
    kinds = ["*" + dtype] * arrays + ["i32"] * len(launch.scalars) + ["*" + dtype] * len(launch.outputs)
    plain = [name for name in launch.kernel.arg_names if name not in constants]
    signature = dict(zip(plain, kinds, strict=True)) | dict.fromkeys(constants, "constexpr")
    source = ASTSource(fn=launch.kernel, signature=signature, constexprs=constants)
    target = GPUTarget("cuda", capability, 32)
    return triton.compile(source, target=target, options={"num_warps": launch.constants["num_warps"]}).asm["cubin"]


def main() -> None:
    """Compile at Heartbeat's length, for both ways to step."""
    capability, dtype = int(sys.argv[1]), sys.argv[2]
    done = {
        (item.kernel, str(item.constants)): compiled(item, capability, dtype)
        for item in (chain(405, 512, pair) for pair in (False, True))
    }
    for unit in ("linear", "nonlinear"):
        for name, kick_at, keep in (
            ("forward", "midpoint", True), ("forward", "start", False), ("adjoint", "midpoint", False),
            ("pair_echo", "midpoint", False), ("released_echo", "start", False),
        ):  # fmt: skip
            for launch in launches(unit, name, 405, 1024, kick_at, keep):
                kind = launch.kernel, str(launch.constants)
                done[kind] = done.get(kind) or compiled(launch, capability, dtype)
    assert all(code.startswith(b"\x7fELF") for code in done.values())
    print(len(done), *sorted({f"{kernel.__module__}.{kernel.__name__}" for kernel, _ in done}))


if __name__ == "__main__":
    main()
