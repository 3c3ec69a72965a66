"""A wrong configuration stops Snakemake before any job."""

import subprocess
import sys
from pathlib import Path


def test_snakemake_stops_before_any_job(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "snakemake",
            "--dry-run",
            "--nolock",
            "--configfile",
            "config/smoke.yaml",
            "--config",
            "models=liner",
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode != 0
    assert "rhelbench: Unknown model 'liner' (did you mean 'linear'?)" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_configuration_that_repeats_a_key_is_refused_by_snakemake(tmp_path: Path) -> None:
    file = tmp_path / "twice.yaml"
    file.write_text(Path("config/smoke.yaml").read_text() + "seeds: [1]\n")
    words = [sys.executable, "-m", "snakemake", "--dry-run", "--nolock", "tables", "--configfile", str(file)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert f"rhelbench: {file}, line {len(file.read_text().splitlines())}: 'seeds' is given a second time" in done.stderr
