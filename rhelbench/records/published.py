"""The runs of a published matrix in two files, ``records.jsonl`` and ``history.csv.gz``.

Only this module knows the format. A line of ``records.jsonl`` is the content of ``record.json``: result
(with the specification) and provenance, sorted by run id. ``history.csv.gz`` is one table: run_id, then the
columns of ``history.csv``. Its numbers are byte-identical to those of each run's history, whose SHA-256 is in
the record.
"""

import gzip
import io
import json
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rhelbench.errors import UserError
from rhelbench.files import write_atomically
from rhelbench.records.io import HISTORY, RECORD, Run, mismatch, read_run, upgrade
from rhelbench.spec import RunSpec

RECORDS = "records.jsonl"
HISTORIES = "history.csv.gz"
_HEADER = f"{','.join(HISTORY)}\n".encode()
_REMEDY = "restore it with git, or publish its runs again"


def read(folder: Path) -> dict[str, Run]:
    """Return every run in a folder's two files, by run id and in the current format; empty without files.

    Args:
        folder: for example ``results/published``.

    Raises:
        UserError: a file is damaged or missing, or a run's name, specification, record and history do not match.

    Example:
        >>> read(Path("results/published/curves"))  # doctest: +SKIP
    """
    records, histories = _files(folder)
    if not records.exists():
        return {}
    rows, runs = _rows(histories), {}
    for number, line in enumerate(records.read_bytes().splitlines(), 1):
        try:
            run = _run(line, rows)
            run_id = run.record["result"]["run_id"]
            if run_id in runs:
                raise ValueError(f"run {run_id} is there twice")
        except ValueError as error:
            raise UserError(f"{records}, line {number} is damaged ({error}): {_REMEDY}.") from error
        runs[run_id] = run
    if rows:
        raise UserError(f"{histories} is damaged (it has a history of {min(rows)}, which has no record): {_REMEDY}.")
    return runs


def find(folder: Path) -> Callable[[str], Run | None]:
    """Return a lookup from run id to the run or None, for published files or one folder per run."""
    if _files(folder)[0].exists():
        return read(folder).get
    return lambda name: read_run(folder / name)


def run_ids(folder: Path) -> list[str]:
    """Return the ids of the runs with a record, in published files or one folder per run."""
    if _files(folder)[0].exists():
        return list(read(folder))
    return sorted(path.parent.name for path in folder.glob(f"*/{RECORD}"))


def history(folder: Path) -> bytes | None:
    """Return all histories of a folder as one CSV, checked as in :func:`read`; None without files."""
    return _joined(read(folder)) if _files(folder)[0].exists() else None


def write(folder: Path, runs: Mapping[str, Run]) -> None:
    """Replace both files of a folder, or neither; equal runs yield equal bytes.

    Both are first written under hidden names (``.NAME.next``), the records last. From then on :func:`read` uses
    the new pair, before that the old one. The next call moves the files of an interrupted write.

    Args:
        folder: created if missing.
        runs: by run id, each with its history.

    Raises:
        UserError: a run's name, specification, record and history do not match.
        OSError: the disk is full or the folder read-only.
    """
    for name, run in runs.items():
        if wrong := _wrong(name, run):
            raise UserError(f"Run {name} can't be published, it is damaged ({wrong}): train it again.")
    _settle(folder)
    write_atomically(_next(folder, HISTORIES), _packed(_joined(runs)), durable=True)
    write_atomically(_next(folder, RECORDS), "".join(_line(runs[name].record) for name in sorted(runs)), durable=True)
    _settle(folder)


def _next(folder: Path, name: str) -> Path:
    return folder / f".{name}.next"


def _files(folder: Path) -> tuple[Path, Path]:
    """Return the records and the histories of the last completed write."""
    records, histories = _next(folder, RECORDS), _next(folder, HISTORIES)
    if not records.exists():
        return folder / RECORDS, folder / HISTORIES
    return records, histories if histories.exists() else folder / HISTORIES


def _settle(folder: Path) -> None:
    """Move the files of a completed write to their names, the records last; delete those of an interrupted one."""
    whole = _next(folder, RECORDS).exists()
    for name in (HISTORIES, RECORDS):
        if whole and _next(folder, name).exists():
            _next(folder, name).replace(folder / name)
        _next(folder, name).unlink(missing_ok=True)


def _run(line: bytes, rows: dict[str, list[bytes]]) -> Run:
    """Return the run in a line of records.jsonl, in the current format; its rows are removed from ``rows``."""
    record = json.loads(line)
    if not isinstance(record, dict) or record.keys() != {"result", "provenance"}:
        raise ValueError("it is not a result and its provenance")
    name = str(record["result"].get("run_id"))
    run = Run(record, _HEADER + b"".join(rows.pop(name, [])))
    if wrong := _wrong(name, run):
        raise ValueError(f"run {name}: {wrong}")
    return Run(upgrade(record), run.history)


def _wrong(name: str, run: Run) -> str | None:
    """Return why a run's name, specification, record and history do not match; None if they do."""
    result = run.record["result"]
    if found := mismatch(name, run.record, None, run.history):
        return f"{found[0]}: {found[1]}"
    if "history" not in result.get("digests", {}):
        return "its record names no SHA-256 of its history"
    if "spec" not in result:
        return "its record names no specification"
    if result.get("run_id") != name or name[-8:] != RunSpec.read(result["spec"]).identity[:8]:
        return "its name is not that of its specification"
    if run.history is None or not run.history.startswith(_HEADER) or not run.history.endswith(b"\n"):
        return f"its history is not the columns {', '.join(HISTORY)}"
    return None


def _line(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"


def _joined(runs: Mapping[str, Run]) -> bytes:
    """Return the concatenated histories, with the run id as first column."""
    rows = [
        name.encode() + b"," + row
        for name in sorted(runs)
        for row in (runs[name].history or b"").removeprefix(_HEADER).splitlines(keepends=True)
    ]
    return b"".join([b"run_id," + _HEADER, *rows])


def _packed(content: bytes) -> bytes:
    """Return the content compressed, without the time and the system in gzip's header."""
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=packed, mtime=0) as file:
        file.write(content)
    return packed.getvalue()


def _rows(path: Path) -> dict[str, list[bytes]]:
    """Return each run's rows of a compressed table, without the run id."""
    try:
        head, *lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True) or [b""]
    except FileNotFoundError:
        raise UserError(f"{path} is missing: {_REMEDY}.") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UserError(f"{path} is damaged ({error}): {_REMEDY}.") from error
    if head != b"run_id," + _HEADER:
        raise UserError(f"{path} is damaged (its columns are not run_id, {', '.join(HISTORY)}): {_REMEDY}.")
    rows: dict[str, list[bytes]] = {}
    for line in lines:
        name, _, row = line.partition(b",")
        rows.setdefault(name.decode(errors="replace"), []).append(row)
    return rows
