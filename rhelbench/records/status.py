"""State of the runs of a matrix: done, running, failed or waiting, with their metrics so far."""

from pathlib import Path
from typing import Any

import pandas as pd

from rhelbench import lock
from rhelbench.records import io, published, retrain
from rhelbench.records.collect import history
from rhelbench.spec import RunSpec
from rhelbench.tasks import card

#: States of a run; every end except failure is done.
STATES = ("done", "running", "failed", "waiting")
COLUMNS = ("run", "state", "exit status", "step", "val", "test", "device", "host")
_NUMBERS = {"step": ".0f", "val": ".4g", "test": ".4g"}


def row(spec: RunSpec, run: io.Run | None, results: Path, scratch: Path) -> dict[str, Any]:
    """Return a run's state from its lock or record, and the last and the best value of its history.

    Args:
        spec: the run.
        run: its record and history, or None.
        results: ``results/runs``.
        scratch: folder of locks.
    """
    folder, corner = results / spec.run_id, scratch / spec.run_id
    record, by = run.record if run else None, lock.holder(corner)
    result = record["result"] if record and not by else {}
    failed = result.get("status") == "failed"
    state = "running" if by else "failed" if failed else "done" if record else "waiting"
    log = (retrain.history(folder, corner) if by else folder) / "history.csv"
    begun = log.read_bytes() if log.exists() else None
    seen = history(log, run.history if run and not by else begun)
    best = seen["val"].max() if card.load(spec.task).kind == "classification" else seen["val"].min()
    val = best if result.get("val") is None else result["val"]
    ended = result.get("status")
    step = result.get("last_step") or seen["step"].max()
    device = record["provenance"].get("device") if record and not by else None
    return dict(zip(COLUMNS, (spec.run_id, state, ended, step, val, result.get("value"), device, by), strict=True))


def table(specs: list[RunSpec], results: Path, scratch: Path) -> str:
    """Return one line per run and a line of totals, for a terminal."""
    find = published.find(results)
    rows = pd.DataFrame([row(spec, find(spec.run_id), results, scratch) for spec in specs], columns=list(COLUMNS))
    for column, form in _NUMBERS.items():
        rows[column] = ["" if pd.isna(value) else format(value, form) for value in rows[column]]
    align = ["right" if column in _NUMBERS else "left" for column in COLUMNS]
    text = rows.to_markdown(index=False, tablefmt="simple", missingval="", disable_numparse=True, colalign=align)
    totals = ", ".join(f"{(rows.state == state).sum()} {state}" for state in STATES)
    return f"{text}\n\n{len(rows)} runs: {totals}"
