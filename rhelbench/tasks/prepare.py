"""From a task's name to its verified store: read, check against the card, write, rename."""

import json
import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from rhelbench.errors import UserError
from rhelbench.tasks import build
from rhelbench.tasks.card import Card
from rhelbench.tasks.card import load as load_card
from rhelbench.tasks.readers import READERS
from rhelbench.tasks.store import folder


def prepare(task: str, data_dir: str | Path = "data") -> Path:
    """Prepare a task; nothing half-made is left behind.

    Everything is written to ``.partial`` beside the store and renamed; ``facts.json`` comes last and marks completion.

    Args:
        task: the task's name.
        data_dir: where archives and prepared tasks lie.

    Returns:
        The path of ``facts.json``.

    Raises:
        UserError: the files are not there, not readable, or not what the card says.
    """
    card, home = load_card(task), folder(task, data_dir)
    partial = home / ".partial"
    shutil.rmtree(partial, ignore_errors=True)  # of a process that was killed
    partial.mkdir(parents=True)
    try:
        facts = _build(card, partial)
        (home / "facts.json").unlink(missing_ok=True)
        shutil.rmtree(home / "store", ignore_errors=True)
        (partial / "store").rename(home / "store")
        write_json(home / "facts.json", facts)
    except OSError as error:
        raise UserError(
            f"Task {task} could not be prepared in {home} ({error.strerror or error}): make room and try again."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return home / "facts.json"


def _build(card: Card, partial: Path) -> dict[str, Any]:
    raw = READERS[card.source.format](_files(card), card.name)
    columns = build.samples(card, raw, partial / "store")
    facts = {"task": card.name, "card": card.digest(), "classes": columns["classes"], "digest": columns["digest"]}
    distinct = columns["first"] == np.arange(len(raw.x))
    counts = np.bincount(columns["y"][distinct], minlength=len(columns["classes"])).tolist()
    _check(
        card,
        samples=int(distinct.sum()),
        length=raw.x.shape[1],
        channels=raw.x.shape[2],
        outputs=len(columns["classes"]),
        class_counts=dict(zip(columns["classes"], counts, strict=True)),
    )
    return facts


def _check(card: Card, **found: Any) -> None:
    for name, value in found.items():
        expected = getattr(card, name)
        if expected is not None and expected != value:
            raise UserError(f"{card.name}: the files give {name} {value}, the card says {expected}; get the right archive.")


def _files(card: Card) -> Path:
    assert card.source.package is not None
    package, _, inside = card.source.package.partition("/")
    found = find_spec(package)
    if found is None or found.origin is None:
        raise UserError(f"{card.name} lies in the package {package}, which is not installed: run `make environment`.")
    return Path(found.origin).parent / inside


def write_json(path: Path, content: Any) -> None:
    """Write JSON to a temporary name, flush it to the disk, rename."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("w") as file:
        json.dump(content, file, indent=1, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
