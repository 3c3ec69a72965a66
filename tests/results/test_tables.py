"""What is committed as published follows from the committed records."""

from pathlib import Path

from rhelbench.records import publish
from rhelbench.records.collect import collect

PUBLISHED = Path("results/published")


def test_the_tables_are_collected_from_the_records(tmp_path: Path) -> None:
    collect(publish.specs(publish.matrices()), PUBLISHED / "runs", tmp_path)
    for name in ("runs.csv", "history.csv"):
        assert (tmp_path / name).read_bytes() == (PUBLISHED / name).read_bytes()
