"""The Triton kernels in a process of their own, since Triton decides at its import whether it interprets."""

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

HERE = Path(__file__).parent
GPU = torch.cuda.is_available()
pytestmark = pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="Triton is installed on Linux only")


def python(tmp_path: Path, *arguments: str, interpret: bool = False) -> str:
    """Run Python at the repository's root and return what it prints."""
    environment = {key: value for key, value in os.environ.items() if key != "TRITON_INTERPRET"}
    environment |= {"TRITON_CACHE_DIR": str(tmp_path), "PYTHONPATH": os.pathsep.join([str(HERE.parent.parent), *sys.path])}
    if interpret:
        environment["TRITON_INTERPRET"] = "1"
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


#: What the interpreter's NumPy lets overflow are lanes that do not exist, or a pass whose results are dropped.
OVERFLOW = ("-W", "ignore::RuntimeWarning:triton.runtime.interpreter")


@pytest.mark.timeout(900)  # interpreted, and slower still on a busy machine
@pytest.mark.parametrize("part", ["nonlinear and portable", "not (nonlinear and portable)"])
def test_in_the_interpreter(part: str, tmp_path: Path) -> None:
    cases = str(HERE / "gpu_cases.py")
    said = python(tmp_path, "-m", "pytest", "-q", "-p", "no:xdist", *OVERFLOW, "-k", part, cases, interpret=True)
    assert " passed" in said


@pytest.mark.skipif(GPU or importlib.util.find_spec("jax_triton") is None, reason="needs jax-triton, and JAX's GPU plugin")
def test_jax_lowers_for_a_gpu(tmp_path: Path) -> None:
    # Three chunks: three launches of a linear forward pass and four of a backward one; one each of the nonlinear passes.
    assert int(python(tmp_path, str(HERE / "gpu_lower.py"))) == 3 * (3 + 4) + 3 * 2


@pytest.mark.skipif(not GPU, reason="needs a GPU")
def test_on_the_gpu(tmp_path: Path) -> None:
    assert " passed" in python(tmp_path, "-m", "pytest", "-q", "-p", "no:xdist", str(HERE / "gpu_cases.py"))


@pytest.mark.parametrize(("capability", "dtype"), [(80, "fp64"), (90, "fp32")])
def test_every_kernel_compiles(capability: int, dtype: str, tmp_path: Path) -> None:
    """Triton brings its own assembler: machine code for a GPU needs no GPU."""
    said = python(tmp_path, str(HERE / "gpu_compile.py"), str(capability), dtype).split()
    launched = set(said[1:])
    public = {
        f"kernels.gpu.{file.stem}.{item.name}"
        for file in (Path("kernels/gpu/linear.py"), Path("kernels/gpu/nonlinear.py"))
        for item in ast.parse(file.read_text()).body
        if isinstance(item, ast.FunctionDef) and not item.name.startswith("_")
    }
    assert launched == public
