"""Numbers in README.md and docs/: each stands in a block that is filled from results/published, never typed."""

import re
from collections.abc import Callable
from pathlib import Path

from rhelbench.errors import unknown
from rhelbench.stats import reported, summary
from rhelbench.stats.records import Records

#: ``<!-- results: NAME -->``, whatever the build step puts there, ``<!-- end -->``.
_BLOCK = re.compile(r"(?P<head>[ ]*<!-- results: (?P<name>\w+) -->\n).*?(?P<end>[ ]*<!-- end -->)", re.DOTALL)


def _table(records: Records) -> str:
    return f"```\n{summary.terminal(records)}```\n"


def _some(records: Records, chosen: Callable[[Records], object]) -> Records:
    return Records(records.folder, records.runs[chosen(records)], records.history)  # type: ignore[index]


def smoke(records: Records) -> str:
    """Return the table that ends `make smoke`: BasicMotions under exact."""
    return _table(
        _some(records, lambda r: (r.runs.task == "BasicMotions") & (r.runs.protocol == "exact") & (r.runs.model != "majority"))
    )


def published(records: Records) -> str:
    """Return the same table for the published runs of the paper's tasks, by protocol in full."""
    return _table(_some(records, lambda r: r.runs.task.isin(reported.order()) & ~r.runs.protocol.str.contains("+", regex=False)))


#: Name of a block to what fills it.
BLOCKS: dict[str, Callable[[Records], str]] = {"smoke": smoke, "published": published}


def fill(text: str, records: Records) -> str:
    """Return a Markdown text with every block filled.

    Args:
        text: of the file.
        records: results/published.

    Raises:
        UserError: a block of an unknown name.
    """

    def one(match: re.Match[str]) -> str:
        if match["name"] not in BLOCKS:
            raise unknown("block of results", match["name"], list(BLOCKS))
        return f"{match['head']}{BLOCKS[match['name']](records)}{match['end']}"

    return _BLOCK.sub(one, text)


def outside(text: str) -> str:
    """Return the text without its blocks."""
    return _BLOCK.sub("", text)


def files(root: Path) -> list[Path]:
    """Return README.md and every page of docs/."""
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]
