"""A working folder of its own for a test, and Snakemake in it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
LINKED = (
    *("config", "slurm", "docs", "paper_figures", "rhelbench", "impl_jax", "impl_torch", "kernels"),
    *("results/published", "results/reported"),
)
#: Runs that need no framework and train in no time.
MATRIX = {
    "name": "looking", "protocol": "exact", "tasks": ["BasicMotions"], "models": ["majority"], "algorithms": ["bptt"],
    "frameworks": ["torch"], "seeds": [1, 2],
}  # fmt: skip


class Clone:
    """A working folder of its own: code and configuration by links, the workflow by copies, results and data of its own."""

    def __init__(self, folder: Path, **matrix: object) -> None:
        self.folder = folder
        (folder / "results").mkdir(parents=True)
        for name in LINKED:
            (folder / name).symlink_to(ROOT / name)
        shutil.copy(ROOT / "Snakefile", folder)
        shutil.copytree(ROOT / "workflows", folder / "workflows")
        (folder / "matrix.yaml").write_text(yaml.safe_dump(MATRIX | matrix))

    def snakemake(self, *words: str, status: int = 0) -> str:
        """Return what Snakemake says."""
        command = [sys.executable, "-m", "snakemake", "--cores", "1", *words, "--configfile", "matrix.yaml"]
        own = {**os.environ, "PYTHONPATH": str(ROOT), "WANDB_MODE": "disabled", "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, env=own, timeout=400)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def records(self) -> dict[str, tuple[bytes, int]]:
        """Return the content of every record and history, and when it was written."""
        files = sorted([*self.folder.glob("results/runs/*/record.json"), *self.folder.glob("results/runs/*/history.csv")])
        return {str(file.relative_to(self.folder)): (file.read_bytes(), file.stat().st_mtime_ns) for file in files}
