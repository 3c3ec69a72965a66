"""From one's own runs to results/published/: records copied, tables collected, everything hashed."""

import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from rhelbench.config import expand
from rhelbench.config.protocols import CONFIG
from rhelbench.errors import UserError
from rhelbench.files import write_atomically
from rhelbench.records import io, manifest
from rhelbench.records.collect import collect
from rhelbench.records.provenance import code_at
from rhelbench.spec import RunSpec

#: What is published of a run beside its record.
FILES = ("spec.json", "history.csv")


def matrices(folder: Path = CONFIG) -> list[Path]:
    """Return the configurations whose runs are published: published.yaml, then those of the folder published/."""
    return [folder / "published.yaml", *sorted((folder / "published").glob("*.yaml"))]


def specs(paths: list[Path]) -> list[RunSpec]:
    """Return every run that the configurations ask for, each once, in their order."""
    found = {spec.run_id: spec for path in paths for spec in expand.expand(expand.read(path))}
    return list(found.values())


def publish(
    wanted: list[RunSpec], runs: Path, published: Path, same_code_as: str | None = None, prune: bool = False
) -> pd.DataFrame:
    """Copy ended runs, collect the tables and write the manifest; everything is judged before anything is written.

    Args:
        wanted: the runs to publish; one without a record becomes a row with status ``missing``.
        runs: folder of own records, ``results/runs``; a run published before is kept if it is not there.
        published: ``results/published``.
        same_code_as: a commit whose code made the records of a copy that git took for another one with changes; the published
            record names it besides.
        prune: delete published runs that ``wanted`` does not hold.

    Returns:
        The collected table of runs.

    Raises:
        UserError: ``published`` keeps its runs where the own ones are, or has some that are not wanted, without ``prune``; a
            record was made from a working tree with uncommitted changes, so that nobody could make it again, and its code is
            not that of ``same_code_as`` either; or a run's file is missing.
    """
    home = published / "runs"
    if home.resolve() == runs.resolve():
        raise UserError(f"{runs} holds the records to publish and can't be where they go: name another folder with --published.")
    ids = {spec.run_id for spec in wanted}
    rest = [path for path in sorted(home.glob("*/")) if path.name not in ids]
    if rest and not prune:
        raise UserError(
            f"{home} has {len(rest)} published run(s) that are not asked for, for example {rest[0].name}: name the matrix's own "
            "folder with --published, or add --prune to delete them."
        )
    copies = _judged(wanted, runs, same_code_as)
    for run_id, (files, record) in copies.items():
        for name, content in files.items():
            write_atomically(home / run_id / name, content)
        io.record(home / run_id, record["result"], record["provenance"])
    for path in rest:
        shutil.rmtree(path)
    table = collect(wanted, home, published)
    manifest.write(published)
    return table


def _judged(wanted: list[RunSpec], runs: Path, same_code_as: str | None) -> dict[str, tuple[dict[str, bytes], dict[str, Any]]]:
    """Return the files and the record of every run that has ended, by run_id."""
    commits: dict[str, tuple[str, str]] = {}
    found = {}
    for spec in wanted:
        own = runs / spec.run_id
        record = io.read(own)
        if record is None or record["result"]["status"] == "failed":
            continue
        git = record["provenance"]["git"]
        if git["dirty"] is not False:
            if same_code_as is not None and spec.framework not in commits:
                commits[spec.framework] = code_at(same_code_as, spec.framework)
            full, digest = commits.get(spec.framework, ("", None))
            if digest is None or record["provenance"]["code_digest"] != digest:
                raise UserError(
                    f"{own / io.RECORD} was made with uncommitted changes, or where git could not tell; commit them, delete "
                    "the folder and train it again, or name the commit whose code it was: --same-code-as COMMIT."
                )
            git["same_code_as"] = full
        try:
            found[spec.run_id] = {name: (own / name).read_bytes() for name in FILES}, record
        except FileNotFoundError as error:
            raise UserError(
                f"{error.filename} is missing beside its record: delete the folder and train the run again."
            ) from error
    return found
