"""The small published matrices of the figures with one of their own, and what a run survives: complete, and as claimed."""

import json
from importlib import import_module
from pathlib import Path

import pytest

from rhelbench.cli.figures import read_published
from rhelbench.config import expand
from rhelbench.records import collected, manifest
from rhelbench.records import published as published_runs
from rhelbench.records.collect import collect
from rhelbench.registry import FIGURES
from rhelbench.stats.runs import Records
from tests.tolerances import TRAINED

PUBLISHED = Path("results/published")
#: Figure to the matrices it is drawn from.
OWN = {name: getattr(import_module(f"paper_figures.{name}"), "MATRICES", ()) for name in FIGURES}


@pytest.mark.parametrize("name", sorted({matrix for matrices in OWN.values() for matrix in matrices}))
def test_the_published_matrix_is_complete(name: str, tmp_path: Path) -> None:
    folder = PUBLISHED / name
    specs = expand.expand(expand.read(f"config/{name}.yaml"))
    collect(specs, folder, tmp_path)
    assert (tmp_path / "runs.csv").read_bytes() == (folder / "runs.csv").read_bytes()
    assert manifest.check(folder) == 3
    found = collected.read(folder)
    assert len(found.runs) == len(specs)
    assert set(found.runs.status) == {"done"}
    runs = published_runs.read(folder)
    assert set(runs) == {spec.run_id for spec in specs}
    assert all(run.record["provenance"]["git"]["dirty"] is False for run in runs.values())


@pytest.mark.parametrize("name", [name for name, matrices in OWN.items() if matrices])
def test_every_run_of_its_matrices_is_drawn(name: str) -> None:
    script = import_module(f"paper_figures.{name}")
    given, _ = read_published(script, PUBLISHED)
    axes = script.draw(*given).axes
    curves = sum(len(line.get_xdata()) > 1 for ax in axes for line in ax.lines)
    points = sum(len(cloud.get_offsets()) for ax in axes for cloud in ax.collections)
    assert curves + points >= 2 * sum(len(matrix.runs) for matrix in given if isinstance(matrix, Records)) * 0.75


def test_fifty_steps_of_real_data_in_lockstep() -> None:
    """All four combinations, the loss of every step, to 1e-7."""
    found = collected.read(PUBLISHED / "lockstep")
    rows = found.history.merge(found.runs[["run_id", "model", "algorithm", "framework"]], on="run_id")
    losses = rows.pivot(index=["model", "algorithm", "step"], columns="framework", values="loss")
    assert len(losses) == 4 * 50
    assert (losses.jax - losses.torch).abs().le(TRAINED * losses.torch).all()
    assert losses.groupby(["model", "algorithm"]).jax.apply(lambda one: one.iloc[-1] < one.iloc[0]).all()


def test_the_four_curves_are_of_one_start() -> None:
    found = collected.read(PUBLISHED / "curves")
    assert found.history.groupby("run_id").step.max().eq(2000).all()
    digests = [run.record["result"]["digests"] for run in published_runs.read(PUBLISHED / "curves").values()]
    assert len(digests) == 4
    assert len({(digest["data"], digest["split"]) for digest in digests}) == 1


@pytest.mark.parametrize("framework", ["jax", "torch"])
def test_twenty_kills_left_the_record_as_it_was(framework: str) -> None:
    """Measured by tests/training/robustness.py."""
    found = json.loads((PUBLISHED / "robustness.json").read_text())
    kills = found[f"kills {framework}"]
    assert kills["kills"] == kills["alive_when_killed"] == 20
    assert kills["records_equal"]
    assert kills["resumptions"] >= 5
    for algorithm in ("bptt", "rhel"):
        signals = found[f"signals {framework} {algorithm}"]
        assert signals["wall_s"]["worst"] < 5
