"""Comparison of a published run with its retraining, or of all runs that two folders share."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from rhelbench.records import published
from rhelbench.stats.spread import Spread

Record = dict[str, Any]
#: Entries that are bit-identical for two runs of one specification on one host.
RESULT = ("status", "value", "correct", "total", "val", "best_step", "last_step")
#: Circumstances that may explain a difference of results: name in the record, and its term.
CIRCUMSTANCES = {
    "device": "device",
    "processor": "processor",
    "threads": "number of threads",
    "kernel": "kernel",
    "code_digest": "code",
    "versions": "versions of packages",
    "lock_digest": "pinned packages",
    "platform": "operating system",
}
_CELL = ("task", "model", "algorithm", "framework", "seed")
#: Largest difference of reproduced runs, in standard deviations of equal runs.
LIMIT = 2.0
#: Verdicts, the best first.
VERDICTS = {
    "identical": "every number and every parameter came out again, bit for bit.",
    "same metric": "the test metric came out again; other bits differ.",
    "within the spread": f"the test metric differs by at most {LIMIT:g} standard deviations of equal runs.",
    "different": "the test metric differs by more than equal runs do, or how far these lie apart was not measured.",
    "not comparable": "the data or the split differ, so that the numbers answer different questions.",
}
#: Verdicts of a reproduced run.
REPRODUCED = ("identical", "same metric", "within the spread")


def compare(published: Record, again: Record, spreads: Sequence[Spread] = ()) -> tuple[str, pd.DataFrame]:
    """Compare a published record with a new one of the same specification.

    Args:
        published: the committed record.
        again: the record of the new run.
        spreads: measured spreads of the run's configuration.

    Returns:
        A verdict (a key of VERDICTS), and a table of results, digests and circumstances with columns kind,
        quantity, published, again, same.
    """
    rows: list[tuple[str, str, Any, Any]] = [
        *(("result", name, published["result"][name], again["result"][name]) for name in RESULT),
        *(("digest", name, published["result"]["digests"].get(name), again["result"]["digests"].get(name))
          for name in published["result"]["digests"]),
        *(("circumstance", name, _circumstance(published, name), _circumstance(again, name)) for name in CIRCUMSTANCES),
    ]  # fmt: skip
    table = pd.DataFrame([(kind, name, str(a), str(b), a == b) for kind, name, a, b in rows])
    table.columns = ["kind", "quantity", "published", "again", "same"]
    same = table.set_index("quantity").same
    if not same["data"] or not same["split"]:
        verdict = "not comparable"
    elif table[table.kind != "circumstance"].same.all():
        verdict = "identical"
    elif same["value"] and same["status"]:
        verdict = "same metric"
    else:
        verdict = judge(published["result"]["value"], again["result"]["value"], spreads)
    return verdict, table


def _circumstance(record: Record, name: str) -> Any:
    """Return one circumstance of a record; earlier records name JAX's CPU ``cpu: cpu``."""
    value = record["provenance"].get(name, "not recorded")
    return "cpu" if value == "cpu: cpu" else value


def judge(published: float | None, again: float | None, spreads: Sequence[Spread]) -> str:
    """Return ``within the spread`` or ``different`` for two test metrics; without a metric: different."""
    if published is None or again is None or not math.isfinite(published - again):
        return "different"
    return "within the spread" if any(abs(again - published) <= LIMIT * one.sd for one in spreads) else "different"


def explain(published: Record, again: Record, verdict: str, table: pd.DataFrame, spreads: Sequence[Spread], margin: float) -> str:
    """Return sentences on the size of a difference and on the circumstances that differ.

    Args:
        published: the committed record.
        again: the record of the new run.
        verdict: of ``compare``.
        table: of ``compare``.
        spreads: measured spreads of the run's configuration.
        margin: equivalence margin, in the metric's unit.
    """
    ends, values = ([record["result"][name] for record in (published, again)] for name in ("status", "value"))
    said = [VERDICTS[verdict]]
    if ends[0] != ends[1]:
        said.append(f"The run ended as {ends[1]}, published as {ends[0]}.")
    elif verdict in ("within the spread", "different") and None not in values:
        d = abs(values[1] - values[0])
        units = [f"{d / one.sd:.2g} sd of {one.runs}" for one in spreads] or ["too few seeds are published to measure a spread"]
        units.append(f"{d / margin:.2g} of the margin for equivalence")
        said.append(f"It differs by {d:.2g}: {', '.join(units)}.")
    changed = table[(table.kind == "circumstance") & ~table.same]
    causes = [_cause(*map(str, row)) for row in changed[["quantity", "published", "again"]].to_numpy()]
    if verdict != "identical" or causes:
        said.append(f"What else differs: {', '.join(causes)}." if causes else "Nothing else that the records name differs.")
    if len({str(record["provenance"].get("device")).startswith("cuda") for record in (published, again)}) == 2:
        said.append("A GPU draws other dropout masks than a CPU.")
    return " ".join(said)


def _cause(name: str, published: str, again: str) -> str:
    words = f" ({published}, now {again})"
    return CIRCUMSTANCES[name] + (words if len(words) < 80 else "")


def compare_folders(folder: Path, own: Path, spreads: Callable[[str], Sequence[Spread]]) -> pd.DataFrame:
    """Compare the records of every run that two folders share and that finished in both.

    Args:
        folder: of the published runs.
        own: folder of runs of the same specifications, ``results/runs``.
        spreads: returns the measured spreads of a run's configuration.

    Returns:
        One row per run, in the order of their names: run_id, task, model, algorithm, framework, seed, metric,
        verdict, published and again (the test metrics), differs (names of differing CIRCUMSTANCES).
    """
    rows, find = [], published.find(own)
    for run_id, run in published.read(folder).items():
        before, other = run.record, find(run_id)
        if other is None or other.record["result"]["status"] == "failed":
            continue
        again = other.record
        verdict, table = compare(before, again, spreads(run_id))
        changed = table[(table.kind == "circumstance") & ~table.same].quantity
        cell = {name: before["result"]["spec"][name] for name in _CELL}
        values = {"metric": before["result"]["metric"], "verdict": verdict}
        values |= {"published": before["result"]["value"], "again": again["result"]["value"], "differs": " ".join(changed)}
        rows.append({"run_id": run_id, **cell, **values})
    return pd.DataFrame(rows)


def verdicts(table: pd.DataFrame) -> pd.DataFrame:
    """Return the number of runs per verdict and both mean metrics, by task, model, algorithm and framework.

    Args:
        table: of :func:`compare_folders`.
    """
    keys = ["task", "model", "algorithm", "framework"]
    counts = table.groupby([*keys, "verdict"]).size().unstack(fill_value=0).reindex(columns=list(VERDICTS), fill_value=0)
    return counts.join(table.groupby(keys)[["published", "again"]].mean()).reset_index()
