"""The commands and the workflow outside the checkout: another working folder, a module, an installed wheel."""

import json
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import yaml

from rhelbench.cli import main
from tests.stats import factory

ROOT = Path(__file__).resolve().parents[2]
SMALL = {
    "name": "small", "protocol": "exact", "tasks": ["BasicMotions"], "models": ["majority"], "algorithms": ["bptt"],
    "frameworks": ["jax"], "seeds": [2345],
}  # fmt: skip
MODULE = """
configfile: "small.yaml"
module rhel:
    snakefile: "{root}/Snakefile"
    config: config
use rule * from rhel as rhel_*
rule mine:
    default_target: True
    input: rules.rhel_{target}.input
"""


def snakemake(folder: Path, *options: str) -> str:
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(SMALL))
    return tmp_path


def test_the_working_folder_comes_first(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    assert main(["check", "--config", "config/smoke.yaml"]) == 0
    assert "24 runs" in capsys.readouterr().out
    Path("config").mkdir()
    shutil.copy("small.yaml", "config/smoke.yaml")
    assert main(["check", "--config", "config/smoke.yaml"]) == 0
    assert ": 1 runs" in capsys.readouterr().out


def test_a_run_in_another_folder(folder):
    """Prepared, trained, collected and tabulated, with the Snakefile elsewhere."""
    snakemake(folder, "-s", str(ROOT / "Snakefile"), "-d", str(folder), "--configfile", "small.yaml", "--", "train", "tables")
    assert "majority" in (folder / "results/tables/small/table1.csv").read_text()
    assert len(list((folder / "results/runs").glob("*/record.json"))) == 1


def test_as_a_module_it_trains_when_a_rule_needs_runs(folder):
    (folder / "Snakefile").write_text(MODULE.format(root=ROOT, target="train"))
    assert "rhel_train_BasicMotions_numpy" in snakemake(folder, "-n")
    assert "rhel_train_BasicMotions_numpy" in snakemake(folder, "-n", "mine")
    assert "rhel_train_BasicMotions_numpy" in snakemake(folder, "-n", "rhel_train")


def test_as_a_module_looking_trains_nothing(folder):
    (folder / "Snakefile").write_text(MODULE.format(root=ROOT, target="tables"))
    said = snakemake(folder, "-n", "rhel_tables")
    assert "rhel_make_tables" in said
    assert "rhel_train" not in said


def test_every_rule_is_known_to_look_or_to_train(folder):
    """A rule that is added must say which: an unknown one would train when it is asked for."""
    text = (ROOT / "workflows/rules/common.smk").read_text()
    looking = "".join(re.findall(r'"(.+)"', text[text.index("LOOKING = ") : text.index("def trains(")]))
    rules = snakemake(folder, "-s", str(ROOT / "Snakefile"), "--configfile", "small.yaml", "--list-rules").split()
    training = {name for name in rules if not re.fullmatch(looking, name)}
    assert {"all", "train", "own_figure"} <= training
    assert all(name in ("all", "train", "own_figure") or name.startswith("train_") for name in training), training


def test_the_catalogue_finds_the_workflow(folder):
    said = snakemake(folder, "-s", str(ROOT / "workflow" / "Snakefile"), "-n", "--configfile", "small.yaml")
    assert "train_BasicMotions_numpy" in said
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert {"mandatory-flags", "software-stack-deployment", "report"} <= set(usage)
    assert (ROOT / "config" / "README.md").exists()


def test_the_schema_is_that_of_the_configuration(capsys):
    assert main(["check", "--schema"]) == 0
    committed = json.loads((ROOT / "workflows/schemas/config.schema.json").read_text())
    assert json.loads(capsys.readouterr().out) == committed, "rhelbench check --schema > workflows/schemas/config.schema.json"


def test_an_installed_wheel_needs_no_checkout(tmp_path):
    """The package alone, beside this environment's libraries: its configuration, cards and the paper's numbers come with it."""
    source = tmp_path / "source"  # setuptools leaves files where it builds
    for name in ("rhelbench", "impl_jax", "impl_torch", "kernels", "paper_figures", "config", "results/reported", "workflows"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = [sys.executable, "-m", "uv", "build", "--wheel", "--quiet", "--out-dir", str(tmp_path), str(source)]
    subprocess.run(build, check=True, capture_output=True)
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "uv", "venv", "--quiet", str(environment)], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    python = str(environment / "bin" / "python")
    subprocess.run([sys.executable, "-m", "uv", "pip", "install", "-q", "--no-deps", "--python", python, wheel], check=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    collected = factory.write(tmp_path / "made", factory.counts("Heartbeat", "linear", "rhel", [45, 46], 62, protocol="released"))
    for arguments in (["check", "--config", "config/smoke.yaml"], ["tables", "--collected", str(collected), "--out", "tables"]):
        command = [str(environment / "bin" / "rhelbench"), *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert "73." in (tmp_path / "tables" / "table1.md").read_text()
