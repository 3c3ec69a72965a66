"""Does a published run come out again? The comparison of two records of one specification, or of all that two folders share."""

from pathlib import Path
from typing import Any

import pandas as pd

from rhelbench.records import write
from rhelbench.records.files import read_json

Record = dict[str, Any]
#: What two runs of one specification share on one machine, bit for bit.
RESULT = ("status", "value", "correct", "total", "val", "best_step", "last_step")
#: What may differ, and then explains a difference of the results.
CIRCUMSTANCES = ("code_digest", "lock_digest", "device", "platform", "processor", "versions")
_CELL = ("task", "model", "algorithm", "framework", "seed")
#: Verdicts, the best first.
VERDICTS = {
    "identical": "every number and every parameter came out again, bit for bit.",
    "same metric": "the test metric came out again; other bits differ, as they may on another machine or with other code.",
    "different": "the test metric differs; a CPU and a GPU draw other dropout masks: only the same kind of device can decide.",
    "not comparable": "the data or the split differ, so that the numbers answer different questions.",
}


def compare(published: Record, again: Record) -> tuple[str, pd.DataFrame]:
    """Compare a published record with a new one of the same specification.

    Args:
        published: the committed record.
        again: the record of the new run.

    Returns:
        A verdict (a key of VERDICTS), and the table kind, quantity, published, again, same: results, digests, circumstances.
    """
    rows: list[tuple[str, str, Any, Any]] = [
        *(("result", name, published["result"][name], again["result"][name]) for name in RESULT),
        *(("digest", name, published["result"]["digests"].get(name), again["result"]["digests"].get(name))
          for name in published["result"]["digests"]),
        *(("circumstance", name, published["provenance"].get(name), again["provenance"].get(name)) for name in CIRCUMSTANCES),
    ]  # fmt: skip
    table = pd.DataFrame([(kind, name, str(a), str(b), a == b) for kind, name, a, b in rows])
    table.columns = ["kind", "quantity", "published", "again", "same"]
    same = table.set_index("quantity").same
    if not same["data"] or not same["split"]:
        verdict = "not comparable"
    elif table[table.kind != "circumstance"].same.all():
        verdict = "identical"
    else:
        verdict = "same metric" if same["value"] and same["status"] else "different"
    return verdict, table


def compare_folders(published: Path, own: Path) -> pd.DataFrame:
    """Compare the records of every run that two folders share and that ended in both.

    Args:
        published: folder of the committed records, one folder per run.
        own: folder of records of the same specifications, ``results/runs``.

    Returns:
        One row per run, in the order of their names: run_id, task, model, algorithm, framework, seed, metric, verdict, published
        and again (the test metric), differs (which CIRCUMSTANCES do).
    """
    rows = []
    for folder in sorted(path.parent for path in published.glob(f"*/{write.RECORD}")):
        before, again = write.read(folder), write.read(own / folder.name)
        if before is None or again is None or "failed" in (before["result"]["status"], again["result"]["status"]):
            continue
        spec = read_json(folder / "spec.json", "publish the run again", _CELL)
        verdict, table = compare(before, again)
        changed = table[(table.kind == "circumstance") & ~table.same].quantity
        cell = {name: spec[name] for name in _CELL}
        values = {"metric": before["result"]["metric"], "verdict": verdict}
        values |= {"published": before["result"]["value"], "again": again["result"]["value"], "differs": " ".join(changed)}
        rows.append({"run_id": folder.name, **cell, **values})
    return pd.DataFrame(rows)


def verdicts(table: pd.DataFrame) -> pd.DataFrame:
    """Return how many runs of each task, model, algorithm and framework got each verdict, and both mean metrics.

    Args:
        table: of :func:`compare_folders`.
    """
    keys = ["task", "model", "algorithm", "framework"]
    counts = table.groupby([*keys, "verdict"]).size().unstack(fill_value=0).reindex(columns=list(VERDICTS), fill_value=0)
    return counts.join(table.groupby(keys)[["published", "again"]].mean()).reset_index()
