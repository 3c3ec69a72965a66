"""Every measured number in README.md and docs/ stands in a block that results/published fills."""

import re
from pathlib import Path

import pytest

from rhelbench.errors import UserError
from rhelbench.records import collected
from rhelbench.report.blocks import fill

PUBLISHED = Path("results/published")
#: What a measurement looks like: a number with a unit of time, memory, rate or share.
MEASURED = re.compile(r"\d (?:%|ms|seconds|minutes|hours|MiB|GiB|steps/s|points)(?!\w)")


@pytest.mark.parametrize("path", fill.files(Path()), ids=str)
def test_blocks_hold_what_is_published(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert fill.fill(text, collected.read(PUBLISHED)) == text, "run `python -m rhelbench quote`"


def test_the_readme_has_no_measured_number_outside_its_blocks() -> None:
    assert MEASURED.findall(fill.outside(Path("README.md").read_text(encoding="utf-8"))) == []


def test_an_unknown_block_is_refused() -> None:
    with pytest.raises(UserError, match="did you mean 'smoke'"):
        fill.fill("<!-- results: smok -->\n<!-- end -->", collected.read(PUBLISHED))
