"""Blocks of the README and of docs/memory-tasks.md: RHEL − BPTT pair by pair, with verdict and power."""

from collections.abc import Callable

import pandas as pd

from rhelbench.records import reported
from rhelbench.report import findings
from rhelbench.report.pairs import MEANING, printed
from rhelbench.report.write import to_markdown
from rhelbench.stats import pairs
from rhelbench.stats.runs import Records

#: Columns of the table; the page of the report has them all.
COLUMNS = ["task", "model", "framework", "seeds", "RHEL − BPTT", "margin", "verdict", "power", "learned"]
NOTE = (
    f"{MEANING}Learned: is either algorithm better than `majority` by more than the margin? If not, the baseline might pass for "
    "equivalent, too."
)


def table(compared: pd.DataFrame) -> str:
    """Return pairs as a table and what its columns mean.

    Args:
        compared: rows of ``pairs.compare``.
    """
    rows = pd.DataFrame([printed(row) for row in compared.to_dict("records")], columns=COLUMNS)
    return f"{to_markdown(rows)}\n\n{NOTE}\n"


def of_paper(records: Records) -> str:
    """Return the pairs on the paper's tasks under its own protocol."""
    found = pairs.compare(records)
    return table(found[found.task.isin(reported.order()) & (found.protocol == "released")])


def memory(records: Records) -> str:
    """Return the pairs on the memory tasks."""
    found = pairs.compare(records)
    return table(found[found.task.str.contains(findings.MEMORY)])


#: Name of a block to what fills it.
BLOCKS: dict[str, Callable[[Records], str]] = {"pairs": of_paper, "memory_pairs": memory}
