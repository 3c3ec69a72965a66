"""Tasks of any allowed name go through the whole workflow: files, rules, wildcards, CSV, tables, figures and pages."""

import shutil
from pathlib import Path

import pytest
import yaml

from rhelbench.cli import main
from rhelbench.records import collected
from tests.workflows.clone import MATRIX, Clone

#: A file with an underscore and a version; what pandas reads as missing and as a number.
NAMES = ["Vowels_eq.v2", "NA", "2018"]


@pytest.mark.timeout(600)
def test_a_task_of_any_allowed_name_goes_through(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "clone")
    config = clone.folder / "config"
    config.unlink()
    shutil.copytree("config", config)
    card = (config / "tasks/delay-100.yaml").read_text()
    settings = yaml.safe_load((config / "hyperparameters.yaml").read_text())
    for name in NAMES:
        (config / f"tasks/{name}.yaml").write_text(card.replace("name: delay-100", f"name: '{name}'"))
        settings["tasks"][name] = settings["tasks"]["delay-100"]
    (config / "hyperparameters.yaml").write_text(yaml.safe_dump(settings))
    (clone.folder / "matrix.yaml").write_text(yaml.safe_dump(MATRIX | {"tasks": NAMES, "seeds": [1]}))
    said = clone.snakemake("-n", "prepare")
    assert said.count("rule prepare_task:") == len(NAMES)
    clone.snakemake("train", "tables")
    folders = clone.folder / "results/collected/looking", clone.folder / "results/claims/looking"
    where = ["--collected", str(folders[0]), "--published", str(tmp_path), "--out", str(folders[1])]
    assert main(["claims", *where, "--longest", "40"]) == 0  # as the rule does, but for the long sequence
    clone.snakemake("report")
    read = collected.read(folders[0])
    assert set(read.runs.task) == set(NAMES)
    assert read.runs.value.notna().all()
    summary = (clone.folder / "results/tables/looking/summary.txt").read_text()
    assert all(name in summary for name in NAMES)
    page = (clone.folder / "results/index.html").read_text()
    assert all(f">{name}<" in page for name in NAMES)
