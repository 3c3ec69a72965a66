"""`snakemake prepare`: the second call does nothing, and what is removed is made again, without its neighbours."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_prepare_twice_and_after_a_removal(tmp_path):
    (tmp_path / "config").symlink_to(ROOT / "config")
    where = ["-s", str(ROOT / "Snakefile"), "--directory", str(tmp_path), "--configfile", str(ROOT / "config/smoke.yaml")]

    def snakemake(*options):
        command = [sys.executable, "-m", "snakemake", "prepare", "--cores", "1", *where, *options]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=250, check=False, env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def planned():
        return sorted(re.findall(r"^(?:local)?rule (\w+):", snakemake("--dry-run"), re.MULTILINE))

    home = tmp_path / "data/prepared/BasicMotions"
    snakemake()
    assert "Nothing to be done" in snakemake()
    (home / "splits-content_hash.json").unlink()
    assert planned() == ["prepare", "record_splits"]
    (home / "facts.html").unlink()
    assert planned() == ["prepare", "prepare_task", "record_splits"]
