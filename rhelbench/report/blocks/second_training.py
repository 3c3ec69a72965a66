"""Blocks of docs/reproducing.md: a published matrix that was trained a second time."""

from collections.abc import Callable

import pandas as pd

from rhelbench.names import LABELS
from rhelbench.records.reproduce import REPRODUCED
from rhelbench.registry import MODELS
from rhelbench.report.write import to_markdown
from rhelbench.stats.runs import Records

#: Printed names of circumstances.
_WORDS = {"code_digest": "code", "lock_digest": "pinned packages", "platform": "machine", "processor": "processor"}


def second_training(records: Records) -> str:
    """Return how many runs of config/memory.yaml were reproduced, by framework and task.

    The data is again.csv, from `reproduce --out`. The last column is the largest change of a configuration's mean,
    in units of its first standard deviation over seeds.
    """
    runs = pd.read_csv(records.folder / "again.csv", keep_default_na=False)
    rows = []
    for (framework, task), own in runs.groupby(["framework", "task"]):
        cells = own.groupby(["model", "algorithm"])
        spread = cells.published.std().replace(
            0.0, float("nan")
        )  # a constant metric, such as the majority's, has no standard deviation
        moved = (cells.again.mean() - cells.published.mean()).abs() / spread
        changed = sorted(set(" ".join(own.differs).split()))
        row: dict[str, object] = {"framework": LABELS[str(framework)], "task": task}
        row["not the same"] = ", ".join(_WORDS.get(word, word) for word in changed)
        row["runs"] = len(own)
        row |= {name: int((own.verdict == name).sum()) for name in (*REPRODUCED, "different")}
        rows.append(row | {"a cell's mean moved by at most": "" if moved.isna().all() else f"{moved.max():.2g} sd"})
    return to_markdown(pd.DataFrame(rows)) + "\n"


def pairs_again(records: Records) -> str:
    """Return the mean difference RHEL − BPTT of each pair that is not bit-identical, first and second.

    In percentage points of accuracy, or 0.01 of the squared error.
    """
    runs = pd.read_csv(records.folder / "again.csv", keep_default_na=False)
    rows = []
    for (task, model, framework), own in runs.groupby(["task", "model", "framework"]):
        if set(own.algorithm) != {"bptt", "rhel"} or (own.verdict == "identical").all():
            continue
        row: dict[str, object] = {"task": task, "model": MODELS[str(model)].label, "framework": LABELS[str(framework)]}
        for name in ("published", "again"):
            wide = own.pivot(index="seed", columns="algorithm", values=name)
            difference = 100 * (wide.rhel - wide.bptt)
            row[f"RHEL − BPTT, {'first' if name == 'published' else name}"] = (
                f"{difference.mean():+.1f} ± {difference.sem():.1f} (s.e., n = {len(difference)})"
            )
        rows.append(row)
    return to_markdown(pd.DataFrame(rows)) + "\n"


#: Name of a block to what fills it.
BLOCKS: dict[str, Callable[[Records], str]] = {"again": second_training, "pairs_again": pairs_again}
