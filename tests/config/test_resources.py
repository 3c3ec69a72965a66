"""config/resources.yaml covers every task and the time limit; a wrong table is one sentence."""

import shutil
from pathlib import Path

import pytest
import yaml

from rhelbench.config import expand, resources
from rhelbench.errors import UserError

RESOURCES = yaml.safe_load(Path("config/resources.yaml").read_text())["rules"]
#: Minutes beside a run's own clock: Snakemake's start, compilation, the last evaluation.
START = 30


def needs(task):
    return RESOURCES["train"].get(task, RESOURCES["train"]["default"])


def test_run_time_covers_the_time_limit():
    for spec in expand.expand(expand.read("config/paper.yaml")):
        assert needs(spec.task)["runtime"] >= spec.budget.time_limit_s / 60 + START


def test_every_task_of_the_table_exists():
    assert set(RESOURCES["train"]) - {"default"} <= {path.stem for path in Path("config/tasks").glob("*.yaml")}


@pytest.mark.parametrize(
    ("right", "written", "sentence"),
    [
        ("mem_mb: 16384", "memory: 16384", r"config/resources.yaml: field 'rules.bench.memory' is wrong"),
        ("delay-500:", "delay-5000:", r"Unknown task in config/resources.yaml: 'delay-5000' \(did you mean 'delay-500"),
        ("default:", "order-2000:", r"rules.train has no 'default'"),
        ("rules:", "rules", r"config/resources.yaml is not YAML .*line \d+"),
    ],
)
def test_a_wrong_table_is_one_sentence(right, written, sentence, tmp_path, monkeypatch):
    shutil.copytree("config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    file = Path("config/resources.yaml")
    file.write_text(file.read_text().replace(right, written))
    with pytest.raises(UserError, match=sentence):
        resources.read()
