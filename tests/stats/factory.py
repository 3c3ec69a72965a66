"""Records for the tests, with effects that are known because they were put there."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from rhelbench import BENCHMARK_VERSION

SEEDS = (2345, 3456, 4567, 5678, 6789)
#: Test samples of the paper's tasks.
SIZES = {
    "EigenWorms": 36, "SelfRegulationSCP1": 85, "SelfRegulationSCP2": 57,
    "EthanolConcentration": 79, "Heartbeat": 62, "MotorImagery": 57,
}  # fmt: skip


def run(task, model, algorithm, seed, *, correct=None, total=None, value=None, framework="jax", protocol="exact",
        status="early-stopped", perturbation=0, dropout_stream=0) -> dict:  # fmt: skip
    """One row of runs.csv: an accuracy when ``total`` is given, else an MSE."""
    metric = "accuracy" if total or task != "PPG-DaLiA" else "mse"
    if correct is not None:
        value = correct / total
    name = f"{task}-{model}-{algorithm}-{framework}-{protocol}-{seed}-{perturbation}{dropout_stream}"
    return {
        "run_id": name, "benchmark": BENCHMARK_VERSION, "task": task, "model": model, "algorithm": algorithm,
        "framework": framework, "protocol": protocol,
        "seed": seed, "perturbation": perturbation, "dropout_stream": dropout_stream, "status": status, "metric": metric,
        "value": value, "correct": correct, "total": total, "val": value, "best_step": 40 if value else None,
        "last_step": 80 if value else None, "flags": "", "device": "cpu", "train_s": 1.0, "total_s": 2.0,
        "peak_host_bytes": 1e8, "peak_device_bytes": None,
    }  # fmt: skip


def counts(task, model, algorithm, values, total, absent="missing", **options) -> list[dict]:
    """One run per seed with the given numbers of correct answers; None is a run with the status ``absent``."""
    return [
        run(task, model, algorithm, seed, correct=value, total=total, **options)
        if value is not None
        else run(task, model, algorithm, seed, **options | {"status": absent})
        for seed, value in zip(SEEDS, values, strict=False)
    ]


def write(folder: Path, rows: list[dict]) -> Path:
    """Write runs.csv and a smooth history of three evaluations per ended run."""
    folder.mkdir(parents=True, exist_ok=True)
    runs = pd.DataFrame(rows)
    runs.to_csv(folder / "runs.csv", index=False)
    history = []
    for row in rows:
        if row["value"] is not None:
            for place, step in enumerate((40, 80, 120)):
                part = np.clip(row["value"] * (0.6 + 0.2 * place), 0, 1)
                history.append(
                    {"run_id": row["run_id"], "step": step, "loss": 1.5 / (1 + place), "train": part, "val": part, "fidelity": ""}
                )
    pd.DataFrame(history, columns=["run_id", "step", "loss", "train", "val", "fidelity"]).to_csv(
        folder / "history.csv", index=False
    )
    return folder


def small(folder: Path) -> Path:
    """Write three seeds of BPTT and RHEL on one task."""
    rows = counts("BasicMotions", "linear", "bptt", [12, 11, 12], 12)
    return write(folder / "small", rows + counts("BasicMotions", "linear", "rhel", [12, 12, 12], 12))


def paper(folder: Path) -> Path:
    """Write the paper's matrix in both frameworks, in which most runs are missing and some of one cell have failed."""
    rows = []
    for model, algorithm, framework in product(("linear", "nonlinear"), ("bptt", "rhel"), ("jax", "torch")):
        where = {"framework": framework, "protocol": "released"}
        for task, total in SIZES.items():
            rows += counts(task, model, algorithm, [None] * 5, total, **where)
        rows += [run("PPG-DaLiA", model, algorithm, seed, status="missing", **where) for seed in SEEDS]
    heart = [row for row in rows if row["task"] == "Heartbeat" and row["framework"] == "jax"]
    for row, correct in zip(heart[:4], (40, 41, 42, 43), strict=True):
        row.update(correct=correct, total=62, value=correct / 62, status="early-stopped")
    heart[3]["status"], heart[4]["status"] = "time-limit", "failed"
    heart[5]["status"], heart[5]["value"] = "diverged", 0.5
    return write(folder / "paper", rows)
