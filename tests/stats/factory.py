"""Records made by hand for the tests: effects that are known because they were put there."""

from pathlib import Path

import numpy as np
import pandas as pd

from rhelbench import BENCHMARK_VERSION

SEEDS = (2345, 3456, 4567, 5678, 6789)


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
