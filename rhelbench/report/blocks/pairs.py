"""Blocks of README and docs/memory-tasks.md: RHEL − BPTT per pair, with verdict and power."""

from collections.abc import Callable

import pandas as pd

from rhelbench.records import reported
from rhelbench.report import findings
from rhelbench.report.pairs import MEANING, printed
from rhelbench.report.write import to_markdown
from rhelbench.stats import pairs
from rhelbench.stats.runs import Records

#: Columns of the table; the report's page has all columns.
COLUMNS = ["task", "model", "framework", "seeds", "RHEL − BPTT", "margin", "verdict", "power", "learned"]
NOTE = (
    f"{MEANING}Learned: is either algorithm better than `majority` by more than the margin? If not, the baseline might pass for "
    "equivalent, too."
)


def table(compared: pd.DataFrame) -> str:
    """Return pairs as a table, with an explanation of its columns.

    Args:
        compared: rows of ``pairs.compare``.
    """
    rows = pd.DataFrame([printed(row) for row in compared.to_dict("records")], columns=COLUMNS)
    return f"{to_markdown(rows)}\n\n{NOTE}\n"


def of_paper(records: Records) -> str:
    """Return the pairs on the paper's tasks under the protocol ``released``."""
    found = pairs.compare(records)
    return table(found[found.task.isin(reported.order()) & (found.protocol == "released")])


def memory(records: Records) -> str:
    """Return the pairs on the memory tasks."""
    found = pairs.compare(records)
    return table(found[found.task.str.contains(findings.MEMORY)])


#: Functions by block name.
BLOCKS: dict[str, Callable[[Records], str]] = {"pairs": of_paper, "memory_pairs": memory}
