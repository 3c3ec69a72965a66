"""Draws shared by the tests of the oracle and of the physics: units from the parameter table, specs from a protocol."""

import numpy as np

from rhelbench import parameters
from rhelbench.contract import Arrays, TaskShape
from rhelbench.spec import Budget, Hyperparameters, Nudge, RunSpec, Switches

RELATIVE = Nudge(mode="relative", size=1e-3)


def raw_unit(model: str, hidden: int, state: int, seed: int, delta: float = 0.1) -> Arrays:
    """Draw one unit's trainable values as a run would, and shift b away from its start at 0."""
    rng = np.random.default_rng(seed)
    table = parameters.unit_table(model, hidden, state, delta)
    order = ("a", "s", "w", "b", "c", "alpha")  # fixed here, so that the cases stay whatever the registry's order
    names = sorted(table, key=lambda name: order.index(name) if name in order else len(order))
    raw = {name: np.asarray(table[name][1](rng, table[name][0])) for name in names}
    if "b" in raw:
        raw["b"] = 0.3 * rng.standard_normal(state)
    return raw


def switches(**changes: object) -> Switches:
    """Return the switches of protocol ``exact`` for BPTT, with changes."""
    base = {
        "algorithm": "bptt", "integrator": "leapfrog", "nudge": RELATIVE, "c_squash": 1, "delta_init": 0.1, "delta_trained": True,
        "loss": "cross_entropy", "norm": "batch", "dropout_mask": "per_sample", "split": "content_hash",
        "batches": "every_complete",
    }  # fmt: skip
    return Switches.model_validate(base | changes)


def spec(
    model: str, blocks: int = 2, hidden: int = 3, state: int = 4, dropout: float = 0.0, protocol: str = "exact", **changes: object
) -> RunSpec:
    """Return a small run's spec in float64; ``changes`` go to the switches."""
    hyper = Hyperparameters(lr=1e-2, blocks=blocks, hidden=hidden, state=state, batch=4, dropout=dropout, time_channel=False)
    return RunSpec(
        task="drawn", model=model, algorithm="bptt", framework="numpy", protocol=protocol, seed=0, hyper=hyper, dtype="float64",
        budget=Budget(steps=10, eval_every=10, patience=1, time_limit_s=60, chunk_steps=10), switches=switches(**changes),
    )  # fmt: skip


def task(kind: str, length: int = 24, samples: int = 5, seed: int = 0) -> tuple[TaskShape, np.ndarray, np.ndarray]:
    """Return a shape, inputs (n, L, 2) and labels, or targets every 6 steps."""
    rng = np.random.default_rng(seed)
    regression = kind == "regression"
    shape = TaskShape(2, length, 3, "regression" if regression else "classification", 6)
    x = rng.standard_normal((samples, length, 2))
    y = rng.uniform(-1, 1, (samples, length // 6, 3)) if regression else rng.integers(0, 3, samples)
    return shape, x, y


def relative_error(ours: np.ndarray, reference: np.ndarray) -> float:
    """Return max|ours − reference| / max|reference|."""
    return float(np.max(np.abs(ours - reference)) / np.max(np.abs(reference)))


def along(function, h: float = 5e-5) -> float:
    """Return dF/dt at t = 0, of fourth order."""
    return (8 * (function(h) - function(-h)) - (function(2 * h) - function(-2 * h))) / (12 * h)


def directions(values: dict[str, np.ndarray], seed: int = 0) -> dict[str, np.ndarray]:
    """Draw one direction per array, every entry ±1, so that a directional derivative sees each of them."""
    rng = np.random.default_rng(seed)
    return {name: np.asarray(rng.choice([-1.0, 1.0], np.shape(value))) for name, value in values.items()}
