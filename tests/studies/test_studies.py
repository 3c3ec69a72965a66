"""Every study has its file, its published tables and facts, and the command that makes them; every framework its probe."""

import json
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from rhelbench.cli import main
from rhelbench.registry import ALGORITHMS, FIGURES, FRAMEWORKS, INTEGRATORS
from rhelbench.studies import STUDIES, units
from tests.tolerances import ECHO, GRADIENT, REVERSIBLE

PUBLISHED = Path("results/published/static")
PROBES = [name for name, entry in FRAMEWORKS.items() if entry.probe]
#: Files of the folder that are not studies.
SHARED = {"__init__", "stacks", "units"}


def test_the_registry_is_the_folder():
    assert set(STUDIES) == {path.stem for path in Path("rhelbench/studies").glob("*.py")} - SHARED


def test_the_command_writes_tables_and_facts_that_repeat_to_the_byte(tmp_path: Path):
    for name in ("one", "two"):
        assert main(["static", "echo", "--out", str(tmp_path / name)]) == 0
    assert {path.name for path in (tmp_path / "one").iterdir()} == {"echo.csv", "echo.json"}
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_an_unknown_study_is_refused_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["static", "ecco", "--out", str(tmp_path)]) == 2
    assert "did you mean 'echo'" in capsys.readouterr().err


@pytest.mark.parametrize("name", STUDIES)
def test_what_is_published_names_its_code_and_machine(name: str):
    facts = json.loads((PUBLISHED / f"{name}.json").read_text())
    assert facts["study"] == name
    assert len(facts["code_digest"]) == 64
    assert facts["cpu"]
    for table, rows in facts["rows"].items():
        assert len((PUBLISHED / f"{table}.csv").read_text().splitlines()) == rows + 1


def test_every_published_figure_has_its_tables():
    for name in [name for name, source in FIGURES.items() if source == "published"]:
        for table in getattr(import_module(f"paper_figures.{name}"), "TABLES", ()):
            assert (PUBLISHED / f"{table}.csv").exists(), name


@pytest.mark.parametrize("framework", PROBES)
@pytest.mark.parametrize("hamiltonian", ["linear", "nonlinear"])
def test_a_probe_gives_the_oracles_gradients(framework: str, hamiltonian: str):
    from rhelbench.oracle.algorithms import ALGORITHMS as ORACLE
    from rhelbench.oracle.hamiltonians import HAMILTONIANS
    from rhelbench.oracle.integrators import INTEGRATORS as STEPPERS
    from rhelbench.spec import Nudge

    drawn = units.draw(hamiltonian, 30, 0.1, draws=2, P=3)
    for algorithm in (name for name, entry in ALGORITHMS.items() if not entry.random):
        found = units.gradients(framework, drawn, algorithm, "float64", "relative", [1e-2, 1e-1])
        for r, e in ((0, 0), (1, 1)):
            theta, delta, f, g = drawn.one(r)
            nudge = Nudge(mode="relative", size=(1e-2, 1e-1)[e])
            _, backward = ORACLE[algorithm](HAMILTONIANS[hamiltonian], STEPPERS["leapfrog"], nudge, theta, delta, f, f)
            wanted = backward(g)
            for name, value in {**wanted.theta, "delta": wanted.delta, "f": wanted.f, "f_B": wanted.f_B}.items():
                scale = np.abs(value).max() or 1.0
                assert np.abs(found[name][r, e] - value).max() <= GRADIENT * scale, (algorithm, name)


@pytest.mark.parametrize("framework", PROBES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_probe_retraces_the_path_or_says_how_far_off_it_is(framework: str, dtype: str):
    for hamiltonian in ECHO:
        drawn = units.draw(hamiltonian, 50, 0.1, P=3)
        exact, *others = (units.retrace(framework, drawn, integrator, dtype) for integrator in INTEGRATORS)
        assert exact.shape == (50,)
        assert exact.max() < REVERSIBLE * (1 if dtype == "float64" else 1e8)
        assert others[0].max() > 1e-3
