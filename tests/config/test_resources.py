"""config/resources.yaml asks for what was measured, with room, and for as long as a run may take."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from rhelbench.config import expand, resources
from rhelbench.errors import UserError
from rhelbench.records import published

RESOURCES = yaml.safe_load(Path("config/resources.yaml").read_text())["rules"]
TRAINING = json.loads(Path("results/published/slurm/training.json").read_text())["cells"]
RUNS = published.read(Path("results/published"))
#: What is asked for, over what was measured: other data, another allocator, a driver's own memory.
ROOM = 1.25
#: Minutes beside a run's own clock: Snakemake's start, compilation, the last evaluation.
START = 30


def needs(task):
    return RESOURCES["train"].get(task, RESOURCES["train"]["default"])


@pytest.mark.parametrize("cell", [name for name, found in TRAINING.items() if "peak_host_bytes" in found])
def test_memory_covers_what_was_measured(cell):
    asked = needs(cell.split()[0])["mem_mb"] * 2**20
    assert asked >= ROOM * TRAINING[cell]["peak_host_bytes"]


@pytest.mark.parametrize("run_id", RUNS)
def test_memory_covers_published_runs(run_id):
    record = RUNS[run_id].record
    asked = needs(record["result"]["spec"]["task"])["mem_mb"] * 2**20
    assert asked >= ROOM * record["provenance"]["peak_host_bytes"]


@pytest.mark.parametrize("run_id", RUNS)
def test_run_time_covers_published_runs(run_id):
    """Short tasks ask for less than the time limit."""
    record = RUNS[run_id].record
    assert needs(record["result"]["spec"]["task"])["runtime"] * 60 >= ROOM * record["provenance"]["wall_s"]


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


@pytest.mark.parametrize("file", ["Snakefile", *map(str, Path("workflows/rules").glob("*.smk"))])
def test_no_rule_needs_a_total_number_of_cores(file):
    """Under --profile slurm there is none, and to ask for it (by the property) is an error that ends every call."""
    assert "workflow.cores" not in Path(file).read_text()
