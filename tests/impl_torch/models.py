"""Small models and inputs for the tests of impl_torch."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhelbench.contract import TaskShape
from rhelbench.spec import Budget, Hyperparameters, Nudge, RunSpec, Switches

SHAPES = {
    "classification": TaskShape(channels=3, length=12, outputs=4, kind="classification"),
    "regression": TaskShape(channels=3, length=12, outputs=2, kind="regression", output_step=4),
}


def make_spec(model: str, algorithm: str, **changes: Any) -> RunSpec:
    """Return a two-block spec in float64 without dropout; ``changes`` go to the hyperparameters, switches or the spec itself."""
    hyper = {"lr": 1e-2, "blocks": 2, "hidden": 5, "state": 3, "batch": 4, "dropout": 0.0, "time_channel": False}
    switches: dict[str, Any] = {
        "algorithm": algorithm, "integrator": "leapfrog", "nudge": Nudge(mode="relative", size=1e-3), "c_squash": 1,
        "delta_init": 0.1, "delta_trained": True, "loss": "cross_entropy", "norm": "batch", "dropout_mask": "per_sample",
        "split": "content_hash", "batches": "every_complete",
    }  # fmt: skip
    own: dict[str, Any] = {"protocol": "exact", "dtype": "float64", "kernel": "portable"}
    for key, value in changes.items():
        next(part for part in (hyper, switches, own) if key in part)[key] = value
    return RunSpec(
        task="Heartbeat", model=model, algorithm="bptt" if algorithm == "bptt" else "rhel", framework="torch", seed=2345,
        hyper=Hyperparameters(**hyper), switches=Switches(**switches),
        budget=Budget(steps=10, eval_every=10, patience=1, time_limit_s=1e3, chunk_steps=10), **own,
    )  # fmt: skip


def make_data(shape: TaskShape, samples: int = 8, seed: int = 0) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return standard normal inputs (n, L, d), and labels (n,) or targets (n, L // output_step, c)."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((samples, shape.length, shape.channels))
    if shape.kind == "classification":
        return x, rng.integers(0, shape.outputs, samples).astype(np.int32)
    return x, rng.uniform(-1, 1, (samples, shape.length // shape.output_step, shape.outputs))


def worst(found: NDArray[Any], reference: NDArray[Any]) -> float:
    """Return max|found − reference| / max|reference|; an all-zero reference must be met to 1e-15."""
    return float(np.max(np.abs(found - reference)) / max(float(np.max(np.abs(reference))), 1e-15))
