"""From one's own runs to results/published/: records copied, tables collected, everything hashed."""

from pathlib import Path

import pandas as pd

from rhelbench import config
from rhelbench.errors import UserError
from rhelbench.records import manifest, write
from rhelbench.records.collect import collect
from rhelbench.records.files import write_atomically
from rhelbench.spec import RunSpec
from rhelbench.switches import CONFIG

#: What a record consists of, the record itself last.
FILES = ("spec.json", "history.csv", write.RECORD)


def matrices(folder: Path = CONFIG) -> list[Path]:
    """Return the configurations whose runs are published: published.yaml, then those of the folder published/."""
    return [folder / "published.yaml", *sorted((folder / "published").glob("*.yaml"))]


def specs(paths: list[Path]) -> list[RunSpec]:
    """Return every run that the configurations ask for, each once, in their order."""
    found = {spec.run_id: spec for path in paths for spec in config.expand(config.read(path))}
    return list(found.values())


def publish(wanted: list[RunSpec], runs: Path, published: Path) -> pd.DataFrame:
    """Copy ended runs, collect the tables, drop runs that are no longer asked for, and write the manifest.

    Args:
        wanted: the runs to publish; one without a record becomes a row with status ``missing``.
        runs: folder of own records, ``results/runs``; a run published before is kept if it is not there.
        published: ``results/published``.

    Returns:
        The collected table of runs.

    Raises:
        UserError: a record was made from a working tree with uncommitted changes, so that nobody could make it again.
    """
    for spec in wanted:
        record = write.read(runs / spec.run_id)
        if record is None or record["result"]["status"] == "failed":
            continue
        if record["provenance"]["git"]["dirty"]:
            where = runs / spec.run_id / write.RECORD
            raise UserError(f"{where} was made with uncommitted changes; commit them, delete the folder and train it again.")
        for name in FILES:
            write_atomically(published / "runs" / spec.run_id / name, (runs / spec.run_id / name).read_bytes())
    _prune(published / "runs", {spec.run_id for spec in wanted})
    table = collect(wanted, published / "runs", published)
    manifest.write(published)
    return table


def _prune(folder: Path, wanted: set[str]) -> None:
    for run in folder.iterdir() if folder.is_dir() else ():
        if run.name not in wanted:
            for name in FILES:
                (run / name).unlink(missing_ok=True)
            run.rmdir()
