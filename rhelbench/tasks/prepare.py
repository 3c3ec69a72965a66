"""Prepare a task: download, read, check against the dataset card, write, rename."""

import errno
import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from rhelbench import lock
from rhelbench.digest import package_digest
from rhelbench.errors import UserError, unknown_name
from rhelbench.files import write_atomically
from rhelbench.tasks import build, checksums, download, facts, page, verified
from rhelbench.tasks.card import Card
from rhelbench.tasks.card import load as load_card
from rhelbench.tasks.generators import GENERATORS
from rhelbench.tasks.readers import READERS
from rhelbench.tasks.readers.uea import Samples
from rhelbench.tasks.store import folder, preparing_command, read_facts

#: Renamed into place in this order, before ``facts.json``.
PARTS = ("store", "examples.png", "facts.html")


def prepare(task: str, data_dir: str | Path = "data", mirrors: Sequence[str] = ()) -> Path:
    """Ensure that a task is prepared; nothing partial remains.

    An undamaged task prepared from the current dataset card, archive and code is left alone. All files are written
    to ``.partial`` and renamed; ``facts.json`` comes last and marks completion. One process prepares a task at a
    time, and others wait for it.

    Args:
        task: the task's name.
        data_dir: folder of archives and prepared tasks.
        mirrors: folders or URLs to search for the archive first.

    Returns:
        The path of ``facts.json``.

    Raises:
        UserError: the files are unavailable, unreadable, or do not match the dataset card; or the disk is full or
            read-only.
    """
    card, home = load_card(task), folder(task, data_dir)
    if is_prepared(card, data_dir):
        return home / "facts.json"
    try:
        with lock.exclusive(Path(data_dir) / "locks" / task, wait=True, work="prepared"):
            if not is_prepared(card, data_dir):
                _prepare(card, home, data_dir, mirrors)
    except OSError as error:
        remedy = "make room" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "check that you may write"
        raise UserError(f"{task} could not be prepared in {home} ({error}): {remedy} there and try again.") from error
    return home / "facts.json"


def is_prepared(card: Card, data_dir: str | Path) -> bool:
    """Return whether a task is prepared, undamaged, from the current dataset card, archive and code."""
    home, archive = folder(card.name, data_dir), download.archive_path(card, data_dir)
    try:
        found = read_facts(card.name, data_dir)
        verified.check(home, found["store"], preparing_command(card.name, data_dir))
    except UserError:
        return False
    known = card.source.archive is None or archive.exists()  # else it was deleted to save space
    same = not known or found["source"] == _source(card, None if card.source.parameters else archive)
    return same and found["code"] == _code() and all((home / part).exists() for part in PARTS)


@cache
def _code() -> str:
    return package_digest("rhelbench.tasks")


def _prepare(card: Card, home: Path, data_dir: str | Path, mirrors: Sequence[str]) -> None:
    source = None if card.source.parameters else archive_files(card, data_dir, mirrors)
    partial = home / ".partial"
    try:
        shutil.rmtree(partial, ignore_errors=True)  # left by a killed process
        (partial / "files").mkdir(parents=True)
        measured = _build(card, source, partial)
        (home / "facts.json").unlink(missing_ok=True)
        shutil.rmtree(home / "store", ignore_errors=True)
        for part in PARTS:
            (partial / part).replace(home / part)
        write_atomically(home / "facts.json", json.dumps(measured, indent=1, ensure_ascii=False) + "\n", durable=True)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        with suppress(OSError):  # it may contain an earlier store, or this one
            home.rmdir()


def archive_files(card: Card, data_dir: str | Path, mirrors: Sequence[str] = ()) -> Path:
    """Return the folder of a package with the files, or the archive, downloaded if necessary.

    Raises:
        UserError: the package is not installed; the archive is unavailable; no reader for the format.
    """
    if card.source.format not in READERS:
        raise unknown_name(f"format in config/tasks/{card.name}.yaml:", card.source.format, list(READERS))
    if card.source.package is None:
        return download.fetch(card, data_dir, mirrors)
    package, _, inside = card.source.package.partition("/")
    found = find_spec(package)
    if found is None or found.origin is None:
        raise UserError(f"{card.name} lies in the package {package}, which is not installed: run `make install`.")
    return Path(found.origin).parent / inside


def generate_samples(card: Card) -> Samples:
    """Generate the samples of a dataset card with parameters.

    Raises:
        UserError: no such generator, or a parameter is missing or unknown.
    """
    if card.source.format not in GENERATORS:
        raise unknown_name(f"format in config/tasks/{card.name}.yaml:", card.source.format, list(GENERATORS))
    try:
        return GENERATORS[card.source.format](card)
    except (KeyError, ValueError) as error:
        raise UserError(
            f"config/tasks/{card.name}.yaml: {card.source.format} can't be drawn with source.parameters {card.parameters} "
            f"({error}); correct them."
        ) from error


def _build(card: Card, source: Path | None, partial: Path) -> dict[str, Any]:
    raw = generate_samples(card) if source is None else READERS[card.source.format](source, partial / "files", card.name, card)
    shutil.rmtree(partial / "files")
    classes: list[str] = []
    if isinstance(raw, Samples):
        raw = build.scale(card, raw)
        facts.check_samples(card, raw)
        columns = build.build_labelled(raw)
        measured = facts.sample_facts(raw, columns)
        examples = {name: raw.x[np.flatnonzero(columns["y"] == label)[0]] for label, name in enumerate(columns["classes"])}
        classes = columns["classes"] if raw.targets is None else []
        facts.check(card, measured)
        digest = build.build_samples(card, raw, columns, partial / "store")
    else:
        measured = facts.recording_facts(raw, card.length)
        examples = {name: x[: card.length] for name, x in list(zip(raw.names, raw.signals, strict=True))[:4]}
        facts.check(card, measured)
        digest = build.build_recordings(card, raw, partial / "store")
    report = {
        "task": card.name,
        "card": card.digest(),
        "digest": digest,
        "classes": classes,
        "source": _source(card, source),
        "code": _code(),
        "store": verified.digests(partial / "store"),
        **measured,
    }
    page.draw(examples, partial / "examples.png")
    page.write(card, report, partial / "examples.png", partial / "facts.html")
    return report


def _source(card: Card, source: Path | None) -> dict[str, Any]:
    if source is None:
        return {"generator": card.source.format, **card.parameters}
    if card.source.package is not None:
        package = card.source.package.partition("/")[0]
        return {"package": f"{package} {version(package)}"}
    found = checksums.sha256(source)
    notes = [checksum.note for checksum in card.source.checksums if checksum.sha256 == found]
    return {"archive": card.source.archive, "sha256": found, "packaging": notes[0] if notes else "not listed in the card"}
