"""The rules run on one host and on a cluster."""

from pathlib import Path

import pytest


@pytest.mark.parametrize("file", ["Snakefile", *map(str, Path("workflows/rules").glob("*.smk"))])
def test_no_rule_needs_a_total_number_of_cores(file):
    """Under --profile slurm there is none, and to ask for it (by the property) is an error that ends every call."""
    assert "workflow.cores" not in Path(file).read_text()
