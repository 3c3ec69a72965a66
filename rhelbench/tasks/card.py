"""A task's card: where its data come from and what they must look like once prepared."""

from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, ValidationError

from rhelbench.contract import TaskShape
from rhelbench.errors import UserError, unknown
from rhelbench.spec import Frozen, Positive

CARDS = Path("config/tasks")


class Card(Frozen):
    """What is known about a task before its data are opened (config/tasks/<name>.yaml)."""

    name: str
    title: str
    kind: Literal["classification", "regression"]
    samples: Positive = Field(description="distinct samples after preparation; for PPG-DaLiA the subjects")
    channels: Positive = Field(description="without the time channel")
    length: Positive
    outputs: Positive = Field(description="classes, or target dimensions")
    class_counts: dict[str, int] | None = None
    licence: str
    citation: str
    reported_as: str | None = Field(None, description="the task's name in results/reported/reported.csv")

    def shape(self, time_channel: bool) -> TaskShape:
        """Return the sizes a model needs, with or without the time channel put first."""
        return TaskShape(self.channels + time_channel, self.length, self.outputs, self.kind)


def names() -> list[str]:
    """Return the names of all tasks that have a card."""
    return sorted(path.stem for path in CARDS.glob("*.yaml"))


def load(name: str) -> Card:
    """Read and validate the card of a task.

    Raises:
        UserError: no such card, or a card with a wrong or missing field.
    """
    path = CARDS / f"{name}.yaml"
    if not path.exists():
        raise unknown("task", name, names())
    try:
        return Card.model_validate(yaml.safe_load(path.read_text()))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise UserError(f"Task card {path}: field '{field}' is wrong ({first['msg']}); correct it.") from error
