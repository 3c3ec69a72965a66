"""Tables, figures, claims and pages come from the committed results alone: no training, no network, no GPU, in minutes."""

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rhelbench.registry import FIGURES

#: Processor seconds of the whole regeneration on one core; wall time depends on who else computes.
SECONDS = 600
NAMES = {
    "tables": [f"table{number}.{kind}" for number in (1, 2) for kind in ("csv", "md", "tex")] + ["summary.csv", "summary.txt"],
    "figures": [f"{name}.{kind}" for name in FIGURES for kind in ("png", "svg", "json")],
    "claims": ["claims.md", "claims.csv", "deviations.md", "measured.json"],
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is committed, without any result of one's own."""
    folder = tmp_path_factory.mktemp("clone")
    root = Path(__file__).resolve().parents[2]
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in listed:
        if (root / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, folder / name)
    return folder


def without_network() -> list[str]:
    """The command that takes the network away from another one, where the system lets an ordinary user do so."""
    command = ["unshare", "--map-root-user", "--net"]
    tried = shutil.which("unshare") and subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    return command if tried else []


@pytest.mark.timeout(1500)
def test_everything_is_regenerated_from_the_committed_results(copy: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    snakemake = [*without_network(), sys.executable, "-m", "snakemake", "--cores", "1", "--configfile", "config/published.yaml"]
    report = ["--report", "results/report.html", "--report-after-run"]
    own = {"PYTHONPATH": str(copy), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [*snakemake, *report, "--quiet", "all", "--", "tables", "figures", "report"], cwd=copy, capture_output=True, text=True,
        timeout=1400, env={**os.environ, **own, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    for kind, names in NAMES.items():
        for name in names:
            assert (copy / "results" / kind / "published" / name).stat().st_size > 0, name
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < SECONDS
    for name in ("index.html", "claims.md", "deviations.md"):
        assert (copy / "results" / name).stat().st_size > 0
    html = (copy / "results" / "report.html").read_text(encoding="utf-8")
    for category in ("Tables", "Figures", "Claims"):
        assert category in html
    assert not (copy / "results" / "runs").exists()
