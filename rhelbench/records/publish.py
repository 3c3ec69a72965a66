"""Write results/published/: records and histories, the table of runs, and the manifest."""

from pathlib import Path

import pandas as pd

from rhelbench.config import expand
from rhelbench.config.protocols import CONFIG
from rhelbench.errors import UserError
from rhelbench.files import write_atomically
from rhelbench.records import io, manifest, published
from rhelbench.records.collect import table
from rhelbench.records.provenance import code_of_commit
from rhelbench.spec import RunSpec


def configurations(folder: Path = CONFIG) -> list[Path]:
    """Return the published configurations: published.yaml, then those in the folder published/."""
    return [folder / "published.yaml", *sorted((folder / "published").glob("*.yaml"))]


def specs(paths: list[Path]) -> list[RunSpec]:
    """Return every run of the configurations, each once, in order."""
    found = {spec.run_id: spec for path in paths for spec in expand.expand(expand.read(path))}
    return list(found.values())


def publishable(run_ids: list[str], folder: Path, same_code_as: str | None = None) -> dict[str, io.Run]:
    """Return the finished runs that can be published, by run id.

    Args:
        run_ids: candidates; those without a record or with a failed one are left out.
        folder: ``results/runs``, or a folder of published runs.
        same_code_as: a commit. Records with uncommitted changes are accepted if their code is this commit's;
            the published record names it.

    Raises:
        UserError: a record has uncommitted changes, so it is not reproducible, and its code is not that of
            ``same_code_as``; or a run's file is damaged or missing.
    """
    find, commits, found = published.find(folder), {}, {}
    for run_id in run_ids:
        run = find(run_id)
        if run is None or run.record["result"]["status"] == "failed":
            continue
        if run.history is None:
            raise UserError(
                f"{folder / run_id}/history.csv is missing beside its record: delete the folder and train the run again."
            )
        git, framework = run.record["provenance"]["git"], run.record["result"]["spec"]["framework"]
        if git["dirty"] is not False and "same_code_as" not in git:
            if same_code_as is not None and framework not in commits:
                commits[framework] = code_of_commit(same_code_as, framework)
            full, digest = commits.get(framework, ("", None))
            if digest is None or run.record["provenance"]["code_digest"] != digest:
                raise UserError(
                    f"The record of {run_id} in {folder} was made with uncommitted changes, or where git could not tell; commit "
                    "them, delete the folder and train it again, or name the commit whose code it was: --same-code-as COMMIT."
                )
            git["same_code_as"] = full
        found[run.record["result"]["run_id"]] = run
    return found


def publish(wanted: list[RunSpec], new: dict[str, io.Run], folder: Path, prune: bool = False) -> pd.DataFrame:
    """Add runs to the published ones; write the table of runs and the manifest.

    Args:
        wanted: the runs of the matrix; one without a record becomes a row with status ``missing``.
        new: runs to publish, by run id; they replace those of the same id.
        folder: ``results/published``.
        prune: delete published runs that are not in ``wanted``.

    Returns:
        The table of runs.

    Raises:
        UserError: the folder has runs that are not in ``wanted`` and ``prune`` is False, or it is damaged.
    """
    ids, there = {spec.run_id for spec in wanted}, published.read(folder)
    rest = [run_id for run_id in there if run_id not in ids]
    if rest and not prune:
        raise UserError(
            f"{folder} has {len(rest)} published run(s) that are not asked for, for example {rest[0]}: name the matrix's own "
            "folder with --published, or add --prune to delete them."
        )
    runs = {run_id: run for run_id, run in (there | new).items() if run_id in ids}
    published.write(folder, runs)
    found = table(wanted, runs.get)
    write_atomically(folder / "runs.csv", found.to_csv(index=False))
    manifest.write(folder)
    return found
