"""Save a figure as PNG and SVG, with a sidecar of its inputs' hashes."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from matplotlib.figure import Figure

FORMATS = ("png", "svg")


def save(figure: Figure, stem: Path, inputs: Iterable[Path], script: Path) -> list[Path]:
    """Write ``stem``.png, .svg and .json, atomically.

    Args:
        figure: the figure.
        stem: the path without suffix.
        inputs: files of which the figure is a pure function; missing ones are recorded as such.
        script: the file that drew it.

    Returns:
        The paths written. Equal inputs yield equal bytes: no dates are stored, SVG identifiers are salted.
    """
    stem.parent.mkdir(parents=True, exist_ok=True)
    written = []
    for suffix in FORMATS:
        path, part = stem.with_suffix(f".{suffix}"), stem.with_suffix(f".{suffix}.part")
        metadata = {"Date": None, "Creator": "rhelbench"} if suffix == "svg" else {"Software": "rhelbench"}
        figure.savefig(part, format=suffix, metadata=metadata)
        part.rename(path)
        written.append(path)
    named = {f"{script.parent.name}/{script.name}": script} | {str(path): path for path in inputs}
    hashes = {name: hashlib.sha256(p.read_bytes()).hexdigest() if p.exists() else "absent" for name, p in named.items()}
    sidecar = {"drawn_by": f"{script.parent.name}/{script.name}", "inputs": hashes}
    part = stem.with_suffix(".json.part")
    part.write_text(json.dumps(sidecar, indent=2, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")
    part.rename(stem.with_suffix(".json"))
    return [*written, stem.with_suffix(".json")]
