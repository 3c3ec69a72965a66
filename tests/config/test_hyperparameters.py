"""Hyperparameters go from common to the task to the model; a misspelt one is refused."""

import shutil
from pathlib import Path

import pytest
import yaml

from rhelbench.config import expand
from rhelbench.errors import UserError

SMOKE = yaml.safe_load(Path("config/smoke.yaml").read_text())
MISSPELT = {
    "stepz: 240": ("steps: 240", "config/hyperparameters.yaml, BasicMotions, both: 'stepz' (did you mean 'steps'?)"),
    "nonliner:": ("nonlinear:", "config/hyperparameters.yaml, SelfRegulationSCP1: 'nonliner' (did you mean 'nonlinear'?)"),
    "patienz: 10": ("patience: 10", "config/hyperparameters.yaml, common: 'patienz' (did you mean 'patience'?)"),
    "steps: 1, steps: 2": (
        "steps: 240",
        "config/hyperparameters.yaml, line 29: 'steps' is given a second time (first in line 29); keep one of them.",
    ),
    "- 3": ("dropout: 0.05", "config/hyperparameters.yaml is not YAML"),
}


@pytest.mark.parametrize(("written", "right", "sentence"), [(key, *rest) for key, rest in MISSPELT.items()], ids=MISSPELT)
def test_a_misspelt_hyperparameter_is_refused(
    written: str, right: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree("config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    file = Path("config/hyperparameters.yaml")
    file.write_text(file.read_text().replace(right, written))
    with pytest.raises(UserError) as caught:
        expand.expand(expand.read("config/smoke.yaml"))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_settings_go_from_common_to_the_task_to_the_model() -> None:
    matrix = expand.parse(SMOKE | {"tasks": ["SelfRegulationSCP1"], "models": ["linear", "nonlinear"]}, "here")
    hidden = {spec.model: spec.hyper.hidden for spec in expand.expand(matrix)}
    assert hidden == {"linear": 64, "nonlinear": 128}


def test_delta_starts_smaller_on_longer_sequences() -> None:
    tasks = ["Heartbeat", "SelfRegulationSCP2", "EigenWorms"]
    matrix = expand.parse(SMOKE | {"tasks": tasks, "models": ["nonlinear"]}, "here")
    assert {spec.task: spec.switches.delta_init for spec in expand.expand(matrix)} == {
        "Heartbeat": 0.1,
        "SelfRegulationSCP2": 0.03,
        "EigenWorms": 0.01,
    }
