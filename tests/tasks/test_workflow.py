"""`snakemake prepare`: the second call does nothing, and what is removed is made again, without its neighbours."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def snakemake(tmp_path_factory):
    home = tmp_path_factory.mktemp("flow")
    (home / "config").symlink_to(ROOT / "config")

    def run(*options):
        done = subprocess.run(
            [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--directory", str(home), "--cores", "1",
             "prepare", "--configfile", str(ROOT / "config/smoke.yaml"), *options],
            capture_output=True, text=True, timeout=200, check=False, env={**os.environ, "XDG_CACHE_HOME": str(home)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    run()
    return home, run


def jobs(plan):
    return sorted(
        {
            line.split()[0]
            for line in plan.splitlines()
            if line.split()[1:] == ["1"] and not line.startswith(("total", "    jobid:"))
        }
    )


def test_second_call_has_nothing_to_do(snakemake):
    _, run = snakemake
    assert "Nothing to be done" in run()


@pytest.mark.parametrize(
    ("removed", "made"),
    [
        ("splits-content_hash.json", ["prepare", "record_splits"]),
        ("facts.json", ["prepare", "prepare_task", "record_splits"]),
        ("facts.html", ["prepare", "prepare_task", "record_splits"]),
    ],
)
def test_only_what_depends_on_a_removed_file_is_made_again(snakemake, removed, made):
    home, run = snakemake
    path = home / "data/prepared/BasicMotions" / removed
    content = path.read_bytes()
    times = path.stat()
    path.unlink()
    try:
        assert jobs(run("--dry-run")) == made
    finally:
        path.write_bytes(content)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
