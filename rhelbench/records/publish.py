"""From one's own runs to results/published/: records copied, tables collected, everything hashed."""

from pathlib import Path

import pandas as pd

from rhelbench import config
from rhelbench.errors import UserError
from rhelbench.records import manifest, write
from rhelbench.records.collect import collect
from rhelbench.records.files import write_atomically
from rhelbench.records.provenance import code_at
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


def publish(wanted: list[RunSpec], runs: Path, published: Path, same_code_as: str | None = None) -> pd.DataFrame:
    """Copy ended runs, collect the tables, drop runs that are no longer asked for, and write the manifest.

    Args:
        wanted: the runs to publish; one without a record becomes a row with status ``missing``.
        runs: folder of own records, ``results/runs``; a run published before is kept if it is not there.
        published: ``results/published``.
        same_code_as: a commit whose code made the records of a copy that git took for another one with changes; the published
            record names it besides.

    Returns:
        The collected table of runs.

    Raises:
        UserError: a record was made from a working tree with uncommitted changes, so that nobody could make it again, and its
            code is not that of ``same_code_as`` either.
    """
    commits: dict[str, tuple[str, str]] = {}
    for spec in wanted:
        record = write.read(runs / spec.run_id)
        if record is None or record["result"]["status"] == "failed":
            continue
        own, git = published / "runs" / spec.run_id, record["provenance"]["git"]
        if git["dirty"]:
            if same_code_as is not None and spec.framework not in commits:
                commits[spec.framework] = code_at(same_code_as, spec.framework)
            full, digest = commits.get(spec.framework, ("", None))
            if digest is None or record["provenance"]["code_digest"] != digest:
                where = runs / spec.run_id / write.RECORD
                raise UserError(
                    f"{where} was made with uncommitted changes; commit them, delete the folder and train it again, or name the "
                    "commit whose code it was: --same-code-as COMMIT."
                )
            git["same_code_as"] = full
        for name in FILES[:-1]:
            write_atomically(own / name, (runs / spec.run_id / name).read_bytes())
        write.record(own, record["result"], record["provenance"])
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
