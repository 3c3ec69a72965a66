"""Wall time of a run by activity, from its record, and the rate of the input pipeline."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rhelbench.errors import UserError
from rhelbench.records import published
from rhelbench.spec import RunSpec
from rhelbench.training import setup
from rhelbench.training.batches import Batches

#: Activities of a run's clock, in column order.
ACTIVITIES = ("data", "compile", "train", "evaluate", "checkpoint")
#: Key columns of either table.
RUN = ("run_id",)
#: Batches for measuring the input pipeline.
BATCHES = 50


def pipeline(runs: Path, run_ids: list[str]) -> pd.DataFrame:
    """Return seconds by activity, one row per run.

    Further columns: the rest (framework import, record), the whole process, and the fraction of training.

    Args:
        runs: folder of records, published or own.
        run_ids: the runs.

    Raises:
        UserError: a run has no record.
    """
    rows, find = [], published.find(runs)
    for run_id in run_ids:
        run = find(run_id)
        if run is None:
            raise UserError(f"{runs} has no record of {run_id}: train it first.")
        facts, spec = run.record["provenance"], RunSpec.read(run.record["result"]["spec"])
        seconds = {f"{name}_s": facts["seconds"][name] for name in ACTIVITIES}
        row = {"run_id": run_id, "framework": spec.framework, "model": spec.model, "algorithm": spec.algorithm, "seed": spec.seed}
        rest = {"rest_s": facts["wall_s"] - sum(seconds.values()), "wall_s": facts["wall_s"]}
        rows.append(row | seconds | rest | {"train_share": seconds["train_s"] / facts["wall_s"], "measured": facts["ended"]})
    return pd.DataFrame(rows)


def inputs(spec: RunSpec, data: Path) -> dict[str, Any]:
    """Measure the rate at which samples reach an optimiser step.

    Files are opened once; then each batch is gathered and copied to the device.

    Args:
        spec: a run of a prepared task.
        data: folder of prepared tasks.

    Returns:
        A row with the rate in samples/s.
    """
    begin = time.perf_counter()
    problem = setup.load(spec, data)
    loaded = time.perf_counter() - begin
    learner = setup.make_learner(spec, problem.shape)
    x, y = problem.parts["train"]
    plan = Batches(spec, len(y)).plan(0, BATCHES)
    float(learner.put(x[plan[0]]).sum())  # compile first
    times = []
    for rows in plan:
        begin = time.perf_counter()
        float(learner.put(x[rows]).sum())  # waits for the copy
        times.append(time.perf_counter() - begin)
    return {
        "task": spec.task,
        "framework": spec.framework,
        "load_s": loaded,
        "samples": sum(len(part[1]) for part in problem.parts.values()),
        "batch": spec.hyper.batch,
        "batch_ms": 1e3 * float(np.median(times)),
        "samples_per_s": spec.hyper.batch / float(np.median(times)),
    }
