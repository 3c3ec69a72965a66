"""Dataset cards: origin of a task's data, and their expected properties."""

import hashlib
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from rhelbench import files
from rhelbench.contract import OUTPUT_STEP, TaskShape
from rhelbench.errors import UserError, unknown_name
from rhelbench.spec import Frozen, Positive

CARDS = Path("config/tasks")
#: Valid names of tasks, which become parts of file names, rule names, shell words and run ids.
NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]*"


def _named(name: str) -> str:
    if not re.fullmatch(NAME, name):
        raise ValueError(f"'{name}' is no name for a task: use letters, digits, '_', '-' and '.', the first a letter or digit")
    return name


class Checksum(Frozen):
    """One known good packaging of an archive."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: Positive | None = Field(None, description="bytes")
    note: str = Field(description="which packaging this is; a variant of the archive says what differs")


class Address(Frozen):
    """One download address; the order is the preference."""

    url: str
    checksum: Literal["listed", "first_use"] = Field(
        "listed", description="listed: only a known packaging; first_use: another one is recorded in the lock file"
    )


class Source(Frozen):
    """Origin of a task: a Python package with its files, an archive to download, or a generator."""

    format: str = Field(description="a name in rhelbench.tasks.readers.READERS, or in generators.GENERATORS")
    package: str | None = Field(
        None, pattern=r"^\w+/", description="package and folder, for example aeon/datasets/data/BasicMotions"
    )
    archive: str | None = Field(None, description="file name of the archive in a mirror, for example Heartbeat.zip")
    addresses: tuple[Address, ...] = ()
    checksums: tuple[Checksum, ...] = ()
    parameters: dict[str, float] | None = Field(
        None, exclude_if=lambda value: value is None, description="of a generated task: what its generator asks for"
    )


class Card(Frozen):
    """A task's dataset card (config/tasks/<name>.yaml)."""

    name: Annotated[str, AfterValidator(_named)]
    title: str
    kind: Literal["classification", "regression"]
    samples: Positive = Field(description="distinct samples after preparation; for PPG-DaLiA the subjects")
    archive_samples: dict[Literal["train", "test"], Positive] | None = Field(None, description="in the archive's own two files")
    channels: Positive = Field(description="without the time channel")
    length: Positive
    outputs: Positive = Field(description="classes, or target dimensions")
    class_counts: dict[str, Positive] | None = Field(None, description="distinct samples per class, labels in lower case")
    licence: str
    citation: str
    homepage: str
    output_step: Positive = Field(
        OUTPUT_STEP,
        exclude_if=lambda value: value == OUTPUT_STEP,
        description="steps between two targets of a regression; format uea has one per sample, and the length as its default",
    )
    target_range: tuple[float, float] | None = Field(
        None,
        exclude_if=lambda value: value is None,
        description="of a regression: the targets of the files that become -1 and 1, where they are not within [-1, 1] already",
    )
    source: Source

    @property
    def parameters(self) -> dict[str, float]:
        """Parameters of a generated task; empty for a task from files."""
        return self.source.parameters or {}

    def shape(self, time_channel: bool) -> TaskShape:
        """Return the sizes of the task, with or without the time channel."""
        return TaskShape(self.channels + time_channel, self.length, self.outputs, self.kind, self.output_step)

    def compare(self, found: dict[str, Any]) -> None:
        """Compare measured values with the dataset card.

        Args:
            found: value by field; fields without an expectation pass.

        Raises:
            UserError: the first difference, with both values.
        """
        for name, value in found.items():
            expected = getattr(self, name)
            if expected is not None and expected != value:
                total = sum(found.get("archive_samples", {}).values())
                of_all = f" distinct of {total}" if name == "samples" and total > value else ""
                raise UserError(
                    f"{self.name}: {name} is {value}{of_all} in the files but {expected} in config/tasks/{self.name}.yaml: get "
                    f"the right archive, or correct the card."
                )

    def digest(self) -> str:
        """Return the SHA-256 of the canonical JSON, without fields at defaults that were added later."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def task_names() -> list[str]:
    """Return the names of all tasks with a dataset card."""
    return list(files.find_all(CARDS, ".yaml"))


def load(name: str) -> Card:
    """Read and validate a task's dataset card.

    Raises:
        UserError: no such dataset card, or one with a wrong or missing field.
    """
    path = files.find(CARDS / f"{name}.yaml")
    if not path.exists():
        raise unknown_name("task", name, task_names())
    card = files.read_yaml(path, Card)
    low, high = card.target_range or (0, 1)
    if low >= high:
        raise UserError(f"Task card {path}: target_range must be a lower and a higher number, not {[low, high]}; correct it.")
    if card.source.format == "uea" and card.kind == "regression" and "output_step" not in card.model_fields_set:
        card = card.model_copy(update={"output_step": card.length})
    origins = (card.source.package, card.source.archive, card.source.parameters)
    if card.name != name or sum(origin is not None for origin in origins) != 1:
        raise UserError(
            f"Task card {path} must bear its file's name and one of source.package, source.archive and source.parameters; "
            f"correct it."
        )
    return card
