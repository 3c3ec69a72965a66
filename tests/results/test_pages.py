"""Every measured number in README.md and docs/ is the one of results/published."""

import re
from pathlib import Path

import pandas as pd
import pytest

from rhelbench.records import collected
from rhelbench.report.blocks import fill

PUBLISHED = Path("results/published")


@pytest.mark.parametrize("path", fill.files(Path()), ids=str)
def test_blocks_hold_what_is_published(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert fill.fill(text, collected.read(PUBLISHED)) == text, "run `python -m rhelbench quote`"


PAGE = Path("docs/reproducing.md").read_text()


def test_the_columns_that_are_pointed_at_are_filled() -> None:
    runs = pd.read_csv("results/published/runs.csv")
    for column in re.findall(r"`(\w+)`", PAGE[PAGE.index("How long it takes") : PAGE.index("of every published run")]):
        assert runs[column].notna().all(), column


def test_the_files_that_are_pointed_at_exist() -> None:
    named = re.findall(r"`((?:results/published|config|tests)/[\w./-]+)`", PAGE)
    assert [name for name in named if not Path(name).exists() and "*" not in name] == []
