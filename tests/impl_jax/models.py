"""Small models and inputs for the tests of impl_jax."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhelbench.contract import Arrays, TaskShape
from rhelbench.parameters import unit_table
from rhelbench.registry import MODELS
from rhelbench.spec import Budget, Hyperparameters, Nudge, RunSpec, Switches

SHAPES = {
    "classification": TaskShape(channels=3, length=12, outputs=4, kind="classification"),
    "regression": TaskShape(channels=3, length=12, outputs=2, kind="regression", output_step=4),
}
#: Models with a recurrent state.
UNITS = [name for name, model in MODELS.items() if model.hamiltonian]
#: What the protocol `released` changes in the mathematics, beside the rule and the nonlinear integrator.
RELEASED: dict[str, Any] = {
    "norm": "ema_released", "loss": "log_offset", "c_squash": 2, "dropout_mask": "per_batch",
    "nudge": Nudge(mode="absolute", size=0.1),
}  # fmt: skip


def make_switches(algorithm: str, **changes: Any) -> Switches:
    """Return the switches of `exact`, changed."""
    plain = {
        "algorithm": algorithm, "integrator": "leapfrog", "nudge": Nudge(mode="relative", size=1e-3), "c_squash": 1,
        "delta_init": 0.1, "delta_trained": True, "loss": "cross_entropy", "norm": "batch", "dropout_mask": "per_sample",
        "split": "content_hash", "batches": "every_complete",
    }  # fmt: skip
    return Switches.model_validate(plain | changes)


def make_spec(
    model: str,
    algorithm: str,
    dtype: str = "float64",
    hyper: dict[str, Any] | None = None,
    kernel: str = "portable",
    **changes: Any,
) -> RunSpec:
    """Return a two-block spec without dropout; ``changes`` go to the switches."""
    sizes = {"lr": 1e-2, "blocks": 2, "hidden": 5, "state": 3, "batch": 4, "dropout": 0.0, "time_channel": False}
    return RunSpec.model_validate(
        {
            "task": "Heartbeat", "model": model, "algorithm": "bptt" if algorithm == "bptt" else "rhel", "framework": "jax",
            "protocol": "exact", "seed": 2345, "dtype": dtype, "kernel": kernel,
            "hyper": Hyperparameters(**sizes | (hyper or {})),
            "budget": Budget(steps=10, eval_every=10, patience=1, time_limit_s=1e3, chunk_steps=10),
            "switches": make_switches(algorithm, **changes),
        }
    )  # fmt: skip


def make_data(shape: TaskShape, samples: int = 8) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return standard normal inputs (n, L, d), and labels (n,) or targets (n, L // output_step, c)."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((samples, shape.length, shape.channels))
    if shape.kind == "classification":
        return x, rng.integers(0, shape.outputs, samples).astype(np.int32)
    return x, rng.uniform(-1, 1, (samples, shape.length // shape.output_step, shape.outputs))


def make_unit(model: str, hidden: int = 4, state: int = 3, delta: float = 0.1, seed: int = 1) -> Arrays:
    """Draw one unit's trainable values by letter; b is drawn too, since zero would hide its part."""
    rng = np.random.default_rng(seed)
    raw = {name: np.asarray(draw(rng, size)) for name, (size, draw) in unit_table(model, hidden, state, delta).items()}
    return raw | ({"b": rng.normal(size=state)} if "b" in raw else {})


def worst(found: NDArray[Any], reference: NDArray[Any]) -> float:
    """Return max|found − reference| / max|reference|; an all-zero reference must be met to 1e-15."""
    return float(np.max(np.abs(found - reference)) / max(float(np.max(np.abs(reference))), 1e-15))


def above(found: Arrays, reference: Arrays, tolerance: float) -> dict[str, float]:
    """Return the entries that differ by more than ``tolerance``; the names must be the same."""
    assert found.keys() == reference.keys()
    return {name: error for name in reference if (error := worst(found[name], reference[name])) > tolerance}
