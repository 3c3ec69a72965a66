"""The matrix at a glance: which runs are done, running, failed or waiting, and how good they are so far."""

from pathlib import Path
from typing import Any

import pandas as pd

from rhelbench.protocol import lock
from rhelbench.records import write
from rhelbench.spec import RunSpec

#: Where a run stands; a run that ended in any other way than by failing is done.
STANDS = ("done", "running", "failed", "waiting")
COLUMNS = ("run", "stands", "ended", "step", "val", "test", "by")


def row(spec: RunSpec, results: Path, scratch: Path) -> dict[str, Any]:
    """Return where a run stands: its record, else its lock, else what its history says so far."""
    folder = results / spec.run_id
    record, by = write.read(folder), lock.holder(scratch / spec.run_id)
    result = record["result"] if record else {}
    failed = result.get("status") == "failed"
    stands = "running" if by else "failed" if failed else "done" if record else "waiting"
    log = folder / "history.csv"
    history = pd.read_csv(log) if log.exists() else pd.DataFrame(columns=list(write.HISTORY))
    last = history.iloc[-1] if len(history) else {}
    val = last.get("val") if result.get("val") is None else result["val"]
    ended = None if by else result.get("status")
    step = result.get("last_step") or last.get("step")
    return dict(zip(COLUMNS, (spec.run_id, stands, ended, step, val, result.get("value"), by), strict=True))


def table(specs: list[RunSpec], results: Path, scratch: Path) -> str:
    """Return one line per run and a line of totals, for a terminal."""
    rows = pd.DataFrame([row(spec, results, scratch) for spec in specs], columns=list(COLUMNS))
    text = rows.to_markdown(index=False, tablefmt="simple", missingval="", floatfmt=".4g", numalign="right")
    totals = ", ".join(f"{(rows.stands == stand).sum()} {stand}" for stand in STANDS)
    return f"{text}\n\n{len(rows)} runs: {totals}"
