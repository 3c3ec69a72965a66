"""A folder that looks like a fresh clone, and Snakemake in it, on Slurm or here."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
OURS = (
    *("Snakefile", "config", "slurm", "workflows", "docs", "paper_figures", "rhelbench", "impl_jax", "impl_torch", "kernels"),
    *("results/published", "results/reported"),
)
#: Columns of runs.csv that tell how a run was computed; all others tell what came out.
CIRCUMSTANCES = ("device", "train_s", "total_s", "peak_host_bytes", "peak_device_bytes")


def results(folder: Path) -> dict[str, str]:
    """Return a working folder's final tables, and what came out of every run, as text."""
    name = next(path.name for path in (folder / "results/tables").iterdir())
    texts = {path.name: path.read_text() for path in sorted((folder / "results/tables" / name).iterdir())}
    runs = pd.read_csv(folder / "results/collected" / name / "runs.csv").drop(columns=list(CIRCUMSTANCES))
    return texts | {"runs": runs.to_csv(index=False)}


def records(folder: Path) -> list[dict]:
    """Return a working folder's records."""
    return [json.loads(path.read_text()) for path in sorted((folder / "results/runs").glob("*/record.json"))]


class Checkout:
    """One working folder: the repository's content by links, results and data of its own; one that exists is gone on with."""

    def __init__(self, folder: Path, matrix: Path) -> None:
        self.folder, self.matrix = folder, matrix
        self._environment = {**os.environ, "WANDB_MODE": "disabled", "PYTHONPATH": str(ROOT)}
        self.new = not folder.exists()
        if self.new:
            (folder / "results").mkdir(parents=True)
            for name in OURS:
                (folder / name).symlink_to(ROOT / name)

    def take(self, other: "Checkout", *names: str) -> None:
        """Copy what another checkout has prepared, with what Snakemake knows of it."""
        for name in (*names, ".snakemake/metadata"):
            if (other.folder / name).exists() and not (self.folder / name).exists():
                shutil.copytree(other.folder / name, self.folder / name)

    def start(self, *arguments: str, slurm: bool = True) -> subprocess.Popen[str]:
        """Start Snakemake with the matrix; on Slurm by the profile, with status checks sooner than a real cluster wants."""
        how = ["--profile", "slurm", "--slurm-init-seconds-before-status-checks", "5"] if slurm else ["--cores", "2"]
        command = [sys.executable, "-m", "snakemake", *arguments, *how, "--configfile", str(self.matrix)]
        with (self.folder / "snakemake.log").open("a") as log:
            return subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, text=True, env=self._environment)

    def finish(self, process: subprocess.Popen[str], seconds: float) -> None:
        """Wait for Snakemake's good end."""
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()  # anything gentler waits for its jobs, which end with their cluster
            process.wait()
            raise
        assert status == 0, (self.folder / "snakemake.log").read_text()[-3000:]

    def hold(self, seconds: float) -> int:
        """Wait for a run between its first evaluation and its end, stop its process in its tracks, return its number.

        Raises:
            TimeoutError: there is none in time.
        """
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for lock in (self.folder / "scratch").glob("*/lock"):
                run = self.folder / "results/runs" / lock.parent.name
                try:
                    number = json.loads(lock.read_text())["pid"]
                    os.kill(number, signal.SIGSTOP)
                except (FileNotFoundError, ProcessLookupError, json.JSONDecodeError):
                    continue
                if (lock.parent / "checkpoint").exists() and not (run / "record.json").exists():
                    return number
                os.kill(number, signal.SIGCONT)
            time.sleep(0.02)
        raise TimeoutError(f"no run trains in {self.folder}; see its snakemake.log")
