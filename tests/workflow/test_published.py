"""What is committed as published follows from the committed records, and the README quotes it."""

from pathlib import Path

import pandas as pd

from rhelbench import config
from rhelbench.records.collect import collect

PUBLISHED = Path("results/published")


def test_the_tables_are_collected_from_the_records(tmp_path: Path) -> None:
    collect(config.expand(config.read("config/published.yaml")), PUBLISHED / "runs", tmp_path)
    for name in ("runs.csv", "history.csv"):
        assert (tmp_path / name).read_bytes() == (PUBLISHED / name).read_bytes()


def test_the_readme_quotes_the_published_runs() -> None:
    readme = Path("README.md").read_text()
    runs = pd.read_csv(PUBLISHED / "runs.csv")
    assert len(runs) == len(config.expand(config.read("config/published.yaml")))
    for run in runs.itertuples():
        cells = (run.task, run.model, run.algorithm, run.framework, run.seed, f"{run.correct}/{run.total}", f"{run.last_step:,}")
        row = f"| {' | '.join(map(str, cells))} |"
        assert row in readme
