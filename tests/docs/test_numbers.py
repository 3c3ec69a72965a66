"""README.md has no measured number outside the blocks that results/published fills."""

import re
from pathlib import Path

from rhelbench.report.blocks import fill

#: What a measurement looks like: a number with a unit of time, memory, rate or share.
MEASURED = re.compile(r"\d (?:%|ms|seconds|minutes|hours|MiB|GiB|steps/s|points)(?!\w)")


def test_the_readme_has_no_measured_number_outside_its_blocks() -> None:
    assert MEASURED.findall(fill.outside(Path("README.md").read_text(encoding="utf-8"))) == []
