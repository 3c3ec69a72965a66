"""What is committed as published follows from the committed records."""

from pathlib import Path

from rhelbench.records import publish, published
from rhelbench.records.collect import collect
from tests.results import digests

PUBLISHED = Path("results/published")


def test_the_table_of_runs_is_that_of_the_records(tmp_path: Path) -> None:
    collect(publish.specs(publish.configurations()), PUBLISHED, tmp_path)
    assert (tmp_path / "runs.csv").read_bytes() == (PUBLISHED / "runs.csv").read_bytes()


def test_writing_the_published_runs_again_changes_no_byte(tmp_path: Path) -> None:
    for records in [*PUBLISHED.glob(published.RECORDS), *PUBLISHED.glob(f"*/{published.RECORDS}")]:
        folder, copy = records.parent, tmp_path / records.parent.name
        published.write(copy, published.read(folder))
        assert (copy / published.RECORDS).read_bytes() == records.read_bytes()
        assert published.history(copy) == published.history(folder)


def test_the_committed_results_are_few_and_small() -> None:
    files = [path for folder in (PUBLISHED, Path("results/reported")) for path in folder.rglob("*") if path.is_file()]
    sizes = [path.stat().st_size for path in files]
    assert len(files) < 100
    assert sum(sizes) < 12e6
    assert max(sizes) < 5e6


def test_the_numbers_of_every_table_are_those_that_were_reviewed(tmp_path: Path) -> None:
    """Where a change is meant, `python -m tests.results.digests` writes them anew."""
    assert digests.make(tmp_path) == digests.read()
