"""Merge runs of another site into the published ones; conflicts are refused before anything is written."""

import json
from pathlib import Path
from typing import Any

from rhelbench.errors import UserError
from rhelbench.records import io, published
from rhelbench.records.publish import publishable
from rhelbench.spec import RunSpec


def merge_runs(
    wanted: list[RunSpec], source: Path, folder: Path, same_code_as: str | None = None, replace: bool = False
) -> dict[str, io.Run]:
    """Return the runs of another site that are to be published.

    A run that is published with the same result is left out, whatever its provenance.

    Args:
        wanted: the runs of the published configurations.
        source: another clone's ``results/runs`` or ``results/published``.
        folder: ``results/published``.
        same_code_as: see :func:`rhelbench.records.publish.publishable`.
        replace: accept a run whose published result differs.

    Raises:
        UserError: the source has no run; a run is damaged, of another version, or of no published
            configuration; or its published result differs and ``replace`` is False.
    """
    names = published.run_ids(source)
    if not names:
        raise UserError(f"No record in {source}: name another clone's results/runs or results/published.")
    found, there, asked = publishable(names, source, same_code_as), published.read(folder), {spec.run_id for spec in wanted}
    for run_id in sorted(found.keys() - asked):
        raise _unasked(found[run_id].record["result"]["spec"]["benchmark"], {spec.benchmark for spec in wanted}, run_id, source)
    new = {run_id: run for run_id, run in found.items() if _unlike(there.get(run_id), run)}
    for run_id in () if replace else sorted(new.keys() & there):
        name, ours, theirs = _difference(there[run_id], new[run_id])
        raise UserError(
            f"Run {run_id} has {name} {ours} in {folder} and {theirs} in {source}: find out why they differ, "
            "or add --replace to take the second."
        )
    return new


def _unasked(version: str, versions: set[str], run_id: str, source: Path) -> UserError:
    if version not in versions:
        return UserError(
            f"Run {run_id} in {source} is of version {version}, and version {' or '.join(sorted(versions))} is asked for: "
            f"train it again, or add a configuration with benchmark: '{version}' to config/published/."
        )
    return UserError(
        f"No configuration asks for run {run_id} in {source}: add its matrix to config/published/, or name its configuration "
        "with --config and its folder with --published."
    )


def _unlike(ours: io.Run | None, theirs: io.Run) -> bool:
    return ours is None or _entries(ours) != _entries(theirs)


def _entries(run: io.Run) -> dict[str, str]:
    """Return the result's entries by name as text, the test metric first; as text, NaN equals NaN."""
    result: dict[str, Any] = {"value": None, **run.record["result"]}
    flat = result | {f"digest of {name}": value for name, value in result.get("digests", {}).items()}
    return {name: json.dumps(value, sort_keys=True) for name, value in flat.items() if name != "digests"}


def _difference(ours: io.Run, theirs: io.Run) -> tuple[str, str, str]:
    """Return the first entry of two results that differs, and both values."""
    first, second = _entries(ours), _entries(theirs)
    name = next(name for name in first | second if first.get(name) != second.get(name))
    return name, first.get(name, "nothing"), second.get(name, "nothing")
