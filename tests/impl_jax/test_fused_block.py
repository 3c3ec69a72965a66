"""A block of compiled kernels that XLA calls equals the portable one; threads, and others' work on them, change no bit."""

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.tree_util import tree_leaves
from numpy.typing import NDArray

from impl_jax import hssm
from impl_jax.fused_block import BlockConfig, block
from impl_jax.hru import unit_of
from impl_jax.norm import Running
from rhelbench.spec import Nudge
from tests.impl_jax.models import make_switches, make_unit, worst
from tests.tolerances import FUSED_FLOAT32, FUSED_FLOAT64

K, N, H, P = 90, 13, 20, 8  # 1,170 rows: two whole chunks and a part of one

#: How a block is computed.
Path = Literal["portable", "fused"]
Found = dict[str, NDArray[np.floating]]


def function(
    kernel: Path,
    model: str,
    algorithm: str,
    norm: Any,
    rate: float,
    mask: Any,
    training: bool,
    again: bool,
    **changes: Any,
) -> Any:
    """Return (values, x, running, count, key) -> the output and statistics of one block."""
    unit = unit_of(model, make_switches(algorithm, **changes), kernel)
    stack = hssm.Model(unit, 1, rate, mask, norm, "cross_entropy", "classification", 1, kernel == "fused", again)

    def run(own: Any, x: jax.Array, running: Running, count: jax.Array, key: jax.Array) -> Any:
        keys = (jax.random.wrap_key_data(key), jax.random.wrap_key_data(key + 1))
        return hssm.block(stack, own, x, running, count, keys, training)

    return run


def given(model: str, dtype: str) -> tuple[Any, ...]:
    """Return a block's values, its input, its statistics, and a gradient for its output."""
    rng = np.random.default_rng(0)
    own = {f"hru.{name}": value for name, value in make_unit(model, H, P).items()}
    own |= {f"glu.{name}": rng.normal(size=(H, H)) / 4 for name in ("W1", "W2")}
    own |= {f"glu.{name}": rng.normal(size=H) for name in ("b1", "b2")}
    running = Running(rng.normal(size=H), 1 + rng.normal(size=H) ** 2)
    made = own, 2 + 3 * rng.normal(size=(K, N, H)), running, rng.normal(size=(K, N, H))
    return jax.tree.map(lambda value: jnp.asarray(value, dtype), made)


def run(
    kernel: Path, dtype: str = "float64", model: str = "nonlinear", algorithm: str = "rhel", norm: str = "batch",
    rate: float = 0.25, mask: str = "per_sample", count: int = 3, training: bool = True, again: bool = False, **changes: Any,
) -> Found:  # fmt: skip
    """Return a block's output, its running statistics and, in training, the gradients of its values and of its input."""
    with jax.enable_x64(dtype == "float64"):
        own, x, running, g = given(model, dtype)
        call = function(kernel, model, algorithm, norm, rate, mask, training, again, **changes)
        rest = running, jnp.array(count), jnp.array([1, 2], jnp.uint32)
        if not training:
            y, after = jax.jit(call)(own, x, *rest)
            return {"y": np.asarray(y), "mean": np.asarray(after.mean), "var": np.asarray(after.var)}

        def both(own: Any, x: jax.Array) -> Any:
            y, pull, after = jax.vjp(lambda own, x: call(own, x, *rest), own, x, has_aux=True)
            return y, after, pull(g)

        y, after, (slopes, of_x) = jax.jit(both)(own, x)
        arrays = {"y": y, "mean": after.mean, "var": after.var, "x": of_x, **slopes}
        return {name: np.asarray(value) for name, value in arrays.items()}


def errors(found: Found, reference: Found, tolerance: float) -> dict[str, float]:
    """Return what is further off than ``tolerance``."""
    all_of = {name: worst(found[name], value) for name, value in reference.items()}
    return {name: error for name, error in all_of.items() if not error <= tolerance}


DROPOUTS = [(0.0, "per_sample"), (0.25, "per_sample"), (0.25, "per_batch")]
SETTINGS = list(product(["batch", "ema_released"], DROPOUTS, [(0, True), (3, True), (3, False)]))


@pytest.mark.parametrize(("norm", "dropout", "call"), SETTINGS)
def test_fused_equals_portable(norm: str, dropout: tuple[float, str], call: tuple[int, bool]) -> None:
    """Both norms, first and later training calls and inference, no dropout or masks per sample or per batch."""
    setting: Any = {"norm": norm, "rate": dropout[0], "mask": dropout[1], "count": call[0], "training": call[1]}
    assert errors(run("fused", **setting), run("portable", **setting), FUSED_FLOAT64) == {}


@pytest.mark.parametrize("dropout", DROPOUTS)
def test_fused_equals_portable_in_single_precision(dropout: tuple[float, str]) -> None:
    found, reference = (run(kernel, "float32", rate=dropout[0], mask=dropout[1]) for kernel in ("fused", "portable"))
    assert {value.dtype for value in found.values()} == {np.dtype(np.float32)}
    assert errors(found, reference, FUSED_FLOAT32) == {}


@pytest.mark.parametrize(
    ("model", "algorithm", "changes"),
    [
        ("linear", "rhel", {}),
        ("linear", "bptt", {}),
        ("nonlinear", "bptt", {}),
        # u and B have gradients of their own here
        ("linear-real", "rhel_released", {"integrator": "leapfrog_released", "nudge": Nudge(mode="absolute", size=0.1)}),
        ("linear-real", "bptt", {"delta_trained": False}),
    ],
)
def test_fused_equals_portable_with_other_units_and_rules(model: str, algorithm: str, changes: Any) -> None:
    found, reference = (run(kernel, model=model, algorithm=algorithm, **changes) for kernel in ("fused", "portable"))
    tolerance = 1e-9 if algorithm == "rhel_released" else FUSED_FLOAT64  # two energies are subtracted there
    assert errors(found, reference, tolerance) == {}


@pytest.mark.parametrize("dropout", DROPOUTS)
def test_making_again_changes_no_bit(dropout: tuple[float, str]) -> None:
    kept, again = (run("fused", rate=dropout[0], mask=dropout[1], again=again) for again in (False, True))
    assert all(np.array_equal(again[name], value) for name, value in kept.items())


def test_what_is_made_again_is_not_kept() -> None:
    """The drive, z, y, both halves of the gate and both masks of 16 bits are kept for the backward pass, or none of them."""
    bytes_of = {}
    own, x, running, _ = given("nonlinear", "float32")
    for again in (False, True):
        call = function("fused", "nonlinear", "rhel", "batch", 0.25, "per_sample", True, again)
        rest = running, jnp.array(3), jnp.array([1, 2], jnp.uint32)
        pull = jax.vjp(lambda own, x, call=call, rest=rest: call(own, x, *rest)[0], own, x)[1]
        bytes_of[again] = sum(leaf.nbytes for leaf in tree_leaves(pull))
    keys = 2 * 2 * 4
    assert bytes_of[False] - bytes_of[True] == (4 * H + P) * K * N * 4 + 2 * H * K * N * 2 - keys


def test_the_compiler_keeps_it_neither() -> None:
    """It would merge two equal draws, and hold the bits from the one to the other: each draw is a loop of the cipher.

    And it would make the drive a second time as soon as it can be made, in the forward pass.
    """
    own, x, running, g = given("nonlinear", "float32")
    rest = running, jnp.array(3), jnp.array([1, 2], jnp.uint32)
    programs = {}
    for again in (False, True):
        call = function("fused", "nonlinear", "rhel", "batch", 0.25, "per_sample", True, again)

        def both(own: Any, x: jax.Array, g: jax.Array, call: Any = call) -> Any:
            y, pull = jax.vjp(lambda own, x: call(own, x, *rest)[0], own, x)
            return y, pull(g)

        programs[again] = jax.jit(both).lower(own, x, g).compile().as_text()
    assert {again: text.count(" while(") for again, text in programs.items()} == {False: 2, True: 4}
    assert "is_scheduled=true" in programs[True]
    assert programs[True].index('"rhelbench.block.tail_back.float32"') < programs[True].index('"rhelbench.block.drive.float32"')


#: What a process prints of a block's numbers; XLA's pool has as many threads as the variable NPROC says.
DIGEST = """
import hashlib
from tests.impl_jax.test_fused_block import run
digest = hashlib.sha256()
for model in ("linear", "nonlinear"):
    for algorithm in ("rhel", "bptt"):
        for name, value in sorted(run("fused", "float32", model, algorithm).items()):
            digest.update(name.encode() + value.tobytes())
print(digest.hexdigest())
"""


def test_threads_change_no_bit() -> None:
    found = []
    for threads in ("1", "3"):
        done = subprocess.run(
            [sys.executable, "-c", DIGEST], env=os.environ | {"NPROC": threads}, capture_output=True, text=True, check=True
        )
        found.append(done.stdout)
    assert len(set(found)) == 1
    assert len(found[0].strip()) == hashlib.sha256().digest_size * 2


def test_calls_from_many_threads_end_and_change_no_bit() -> None:
    """More handlers at a time than the pool has threads: each does its own work where nobody helps."""
    own, x, running, g = given("nonlinear", "float32")
    call = function("fused", "nonlinear", "rhel", "batch", 0.25, "per_sample", True, False)
    rest = running, jnp.array(3), jnp.array([1, 2], jnp.uint32)

    @jax.jit
    def slopes(own: Any, x: jax.Array) -> Any:
        return jax.vjp(lambda own, x: call(own, x, *rest)[0], own, x)[1](g)

    reference = tree_leaves(slopes(own, x))
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: tree_leaves(slopes(own, x)), range(200)))
    assert all(np.array_equal(one, value) for each in found for one, value in zip(each, reference, strict=True))


def test_a_block_outside_of_a_compiled_program() -> None:
    own, x, running, _ = given("nonlinear", "float32")
    made = BlockConfig(unit_of("nonlinear", make_switches("rhel"), "fused"), "batch", 0.25, "per_sample", again=False)
    parts = hssm.select(own, "hru."), hssm.select(own, "glu.")
    y, after = block(made, *parts, x, running, jnp.array(3), (None, None), training=True)
    found = run("fused", "float32", rate=0.0)
    assert worst(np.asarray(y), found["y"]) < FUSED_FLOAT32
    assert worst(np.asarray(after.mean), found["mean"]) < FUSED_FLOAT32
