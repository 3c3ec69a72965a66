"""Dataset cards: what a task may be called, and which card is broken."""

import shutil
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from rhelbench.errors import UserError
from rhelbench.tasks import card
from rhelbench.tasks.card import Card


def test_a_card_says_what_a_task_may_be_called() -> None:
    content = yaml.safe_load(Path("config/tasks/BasicMotions.yaml").read_text())
    for name in ("JapaneseVowels_eq", "X.v2", "NA", "2018", "None", "order-500"):
        assert Card.model_validate(content | {"name": name}).name == name
    for name in ("a b", ".x", "-x", "a/b", "ä", "a+b", ""):
        with pytest.raises(ValidationError, match="is no name for a task: use letters, digits"):
            Card.model_validate(content | {"name": name})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"name: [", "config/tasks/BasicMotions.yaml is not YAML .*line 1"),
        (b"\xff\x00", "config/tasks/BasicMotions.yaml is not YAML"),
        (b"", "config/tasks/BasicMotions.yaml must hold keys and values"),
    ],
)
def test_a_card_that_is_broken_is_named(content: bytes, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree("config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    Path("config/tasks/BasicMotions.yaml").write_bytes(content)
    with pytest.raises(UserError, match=sentence) as caught:
        card.load("BasicMotions")
    assert "\n" not in str(caught.value)
