"""A fused block equals the portable one, in every setting, and its bits depend on nothing but its input."""

import subprocess
import sys
from itertools import product
from typing import Any, Literal

import pytest
import torch
from torch import Tensor
from torch.autograd.profiler import profile

from impl_torch import fused_block, hssm
from impl_torch.allocator import HELD
from impl_torch.dropout import Dropout
from impl_torch.learner import unit_of
from impl_torch.norm import Statistics
from impl_torch.stack import Call, Stack
from impl_torch.team import TEAM
from kernels.cpu import head, launch
from rhelbench.config.protocols import read_protocol, resolve_switches
from rhelbench.spec import Switches
from tests.impl_torch.models import worst
from tests.tolerances import FUSED_FLOAT32, FUSED_FLOAT64

K, N, H, P = 90, 13, 20, 8  # 1,170 rows: two whole chunks and a part of one


def forward(
    fused: bool,
    dtype: torch.dtype = torch.float64,
    norm: Literal["batch", "ema_released"] = "batch",
    dropout: Dropout | None = None,
    count: int = 3,
    training: bool = True,
    model: str = "nonlinear",
    again: bool = False,
    g: Tensor | None = None,
) -> tuple[Tensor, Statistics, dict[str, Tensor], Tensor]:
    """Return a block's output, its running statistics, its input and parameters by name, and a gradient for the output."""
    draw = torch.Generator().manual_seed(0)

    def normal(*size: int) -> Tensor:
        return torch.randn(size, generator=draw, dtype=torch.float64)

    switches = Switches.model_validate(resolve_switches(read_protocol("exact"), K, "bptt", model))
    unit = unit_of(model, switches, "fused")
    sizes: dict[str, tuple[int, ...]] = {"alpha": (), "w": (P,), "b": (P,), "c": (P,), "delta": (), "B": (P, H), "C": (H, P)}
    if model == "linear-complex":
        sizes = {"a": (P,), "s": (P,), "B_re": (P, H), "B_im": (P, H), "C_re": (H, P), "C_im": (H, P)}
    own = {name: normal(*size) / 5 for name, size in sizes.items()}
    values = {f"hru.{name}": value for name, value in {**own, "D": normal(H)}.items()}
    values |= {f"glu.{name}": normal(H, H) / 4 if name[0] == "W" else normal(H) for name in ("W1", "b1", "W2", "b2")}
    values["x"] = 2 + 3 * normal(K, N, H)
    g = normal(K, N, H) if g is None else g
    leaves = {name: value.to(dtype).requires_grad_() for name, value in values.items()}
    statistics: Statistics = normal(H).to(dtype), 1 + normal(H).square().to(dtype)
    call = Call(Stack(1, unit, norm, "classification", 1, fused, again), statistics, count, training, dropout, 0)
    block: Any = fused_block.block if fused else hssm._block
    own = {name: leaf for name, leaf in leaves.items() if name != "x"}
    y, running = block(call, own, leaves["x"])
    return y, running, leaves, g.to(dtype)


def run(*args: Any, **setting: Any) -> dict[str, Tensor]:
    """Return a block's output, its running statistics, and the gradients of its input and its parameters."""
    y, running, leaves, g = forward(*args, **setting)
    grads = torch.autograd.grad(y, list(leaves.values()), g, materialize_grads=True)
    return {"y": y.detach(), "mean": running[0], "var": running[1], **dict(zip(leaves, grads, strict=True))}


def errors(found: dict[str, Tensor], reference: dict[str, Tensor], tolerance: float) -> dict[str, float]:
    """Return what is further off than ``tolerance``."""
    all_of = {name: worst(found[name].numpy(), value.numpy()) for name, value in reference.items()}
    return {name: error for name, error in all_of.items() if not error <= tolerance}


DROPOUTS = [None, Dropout(0.25, "per_sample", 1, 2), Dropout(0.25, "per_batch", 1, 2)]
SETTINGS = list(product(["batch", "ema_released"], DROPOUTS, [(0, True), (3, True), (3, False)]))


@pytest.mark.parametrize(("norm", "dropout", "call"), SETTINGS)
def test_fused_equals_portable(norm: Any, dropout: Dropout | None, call: tuple[int, bool]) -> None:
    """Both norms, first and later training calls and inference, no dropout or masks per sample or per batch."""
    setting = {"norm": norm, "dropout": dropout, "count": call[0], "training": call[1]}
    found, reference = run(fused=True, **setting), run(fused=False, **setting)
    assert errors(found, reference, FUSED_FLOAT64) == {}
    single, portable = (run(fused, torch.float32, **setting) for fused in (True, False))
    assert {value.dtype for value in single.values()} == {torch.float32}
    assert errors(single, portable, FUSED_FLOAT32) == {}


def test_fused_equals_portable_with_complex_units() -> None:
    found, reference = (run(fused, model="linear-complex", dropout=DROPOUTS[1]) for fused in (True, False))
    assert errors(found, reference, FUSED_FLOAT64) == {}


def test_a_gradient_that_repeats_over_time() -> None:
    """The mean over time sends the same one to every step, without a copy for each."""
    g = torch.randn(N, H, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    repeated = run(fused=True, g=g.expand(K, N, H))
    whole = run(fused=True, g=g.repeat(K, 1, 1))
    assert all(torch.equal(repeated[name], value) for name, value in whole.items())


@pytest.mark.parametrize("dropout", DROPOUTS)
@pytest.mark.parametrize("most", [64, 1])
def test_neither_threads_nor_making_again_change_a_bit(
    dropout: Dropout | None, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three parts of at most one chunk, or one part of three chunks."""
    monkeypatch.setattr(launch, "PARTS", most)
    assert launch.parts_of(K * N) == ((3, 512) if most > 1 else (1, 1536))
    monkeypatch.setattr(TEAM, "size", 1)
    reference = run(fused=True, dropout=dropout)
    others = [run(fused=True, dropout=dropout, again=True)]
    for size in (2, 3):
        monkeypatch.setattr(TEAM, "size", size)
        others.append(run(fused=True, dropout=dropout))
    assert all(torch.equal(other[name], value) for other in others for name, value in reference.items())


@pytest.mark.parametrize("dropout", DROPOUTS)
def test_parts_change_rounding_alone(dropout: Dropout | None, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = run(fused=True, dropout=dropout, again=True)
    monkeypatch.setattr(launch, "PARTS", 1)
    assert errors(run(fused=True, dropout=dropout, again=True), reference, FUSED_FLOAT64) == {}


def test_what_is_made_again_is_not_kept() -> None:
    """The drive, z, y and both halves of the gate are held for the backward pass, or none of them."""
    held = {}
    for again in (False, True):
        forward(fused=True, again=again)  # whatever is made once is there
        watch: Any = profile(profile_memory=True)
        before = HELD.watch()
        with watch:
            graph = forward(fused=True, again=again)
        by_torch = sum(event.nbytes() for event in watch.kineto_results.events() if event.name() == "[memory]")
        held[again] = by_torch + HELD.now - before
        del graph
    assert held[False] - held[True] == (4 * H + P) * K * N * 8


def test_the_kernels_see_not_a_number() -> None:
    x = torch.full((4, 2), torch.nan)
    means, squares = torch.empty(1, 2), torch.empty(1, 2)
    head.moments(x.numpy(), means.numpy(), squares.numpy(), 4, 0, 1)
    assert means.isnan().all()
    assert squares.isnan().all()


#: What a process does whose PyTorch offers neither OpenMP nor matrix products in a library of its own.
ELSEWHERE = """
import torch
from impl_torch import team
team.torch_library = lambda: None
from impl_torch import rows
assert not rows.OWN_BLAS
from tests.impl_torch.test_fused_block import DROPOUTS, FUSED_FLOAT32, FUSED_FLOAT64, errors, run
for dtype, tolerance in ((torch.float64, FUSED_FLOAT64), (torch.float32, FUSED_FLOAT32)):
    for dropout in DROPOUTS:
        torch.set_num_threads(2)
        found = run(True, dtype, dropout=dropout)
        assert errors(found, run(False, dtype, dropout=dropout), tolerance) == {}
        torch.set_num_threads(1)
        assert all(torch.equal(found[name], value) for name, value in run(True, dtype, dropout=dropout).items())
"""


def test_blocks_with_the_products_of_scipy_and_a_pool_of_threads() -> None:
    found = subprocess.run([sys.executable, "-c", ELSEWHERE], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
