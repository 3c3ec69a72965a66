"""Block of docs/deviations.md: the differences between the released code and the text."""

from collections.abc import Callable

import pandas as pd

from rhelbench.claims import deviations
from rhelbench.report.write import to_markdown
from rhelbench.stats.runs import Records

HEADINGS = {
    "row": "#",
    "switch": "switch",
    "released": "`released`",
    "exact": "`exact`",
    "code": "the released code",
    "theory": "the theorems, or good practice",
    "why": "why it matters",
}


def table(records: Records) -> str:
    """Return the rows as a table; they come from the package, not from the records."""
    return to_markdown(pd.DataFrame(deviations.rows()).rename(columns=HEADINGS)) + "\n"


#: Functions by block name.
BLOCKS: dict[str, Callable[[Records], str]] = {"deviations": table}
