"""What Snakemake and Slurm cost beside training: the paper's matrix submitted to a test cluster, with a stand-in for training.

    python -m tests.slurm.submission results/published/slurm/submission.json [--seeds N] [--seeds-per-job N] [--up FOLDER]

The jobs are held in the queue while their submission is timed; then some are let go, to see what a job costs on its node.
`--up` names the folder of a cluster that is up.
"""

import argparse
import json
import os
import re
import signal
import statistics
import sys
import tempfile
import time
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import psutil
import yaml

from rhelbench.config import expand
from rhelbench.files import write_atomically
from rhelbench.records import provenance
from tests.slurm.checkout import ROOT, Checkout
from tests.slurm.cluster import CPUS, Cluster

PACKAGES = ("snakemake", "snakemake-executor-plugin-slurm", "snakemake-executor-plugin-slurm-jobstep")
#: Jobs that are let go on the node.
SAMPLE = 8
PREPARED = ("facts.json", "facts.html", "examples.png")


def pretend(clone: Checkout, matrix: expand.Matrix) -> None:
    """Put the stand-in and empty prepared tasks where the workflow looks for the real ones."""
    for framework in matrix.frameworks:
        python = clone.folder / f".venv-{framework}" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT}/tests/slurm/stand_in.py "$@"\n')
        python.chmod(0o755)
        write_atomically(clone.folder / f"results/verify/{framework}.json", "{}\n")
    for task in matrix.tasks:
        for name in PREPARED:
            write_atomically(clone.folder / "data/prepared" / task / name, "")


def files(*folders: Path) -> int:
    """Return the number of files and folders below, links not followed."""
    return sum(len(names) + len(inner) for folder in folders for _, inner, names in os.walk(folder))


def seconds(cluster: Cluster, job: str) -> float:
    """Return how long Slurm says that a job ran."""
    said = dict(re.findall(r"(\w+)=(\S+)", cluster.run("scontrol", "show", "job", job)))
    return (datetime.fromisoformat(said["EndTime"]) - datetime.fromisoformat(said["StartTime"])).total_seconds()


def measure(home: Path, cluster: Cluster, seeds: int, seeds_per_job: int) -> dict:
    """Submit, count and time everything."""
    paper = expand.load(ROOT / "config" / "paper.yaml")
    file = home / "paper.yaml"
    file.write_text(yaml.safe_dump(paper | {"seeds": paper["seeds"][:seeds], "seeds_per_job": seeds_per_job}))
    matrix, clone = expand.read(file), Checkout(home / "clone", file)
    specs, others = expand.expand(matrix), set(cluster.jobs())
    runs, jobs = len(specs), len(seeds_per_job.group_seeds(specs, seeds_per_job))
    pretend(clone, matrix)

    def ours(states: str) -> list[str]:
        return [job for job in cluster.jobs(states) if job not in others]

    begin, peak, first = time.monotonic(), 0, None
    process = clone.start("train", "--default-resources", "mem_mb=2048", "runtime=30", "slurm_extra='--hold'")
    watched = psutil.Process(process.pid)
    while (waiting := len(ours("pending"))) < jobs:
        first = first or (time.monotonic() if waiting else None)
        peak = max(peak, files(clone.folder))
        if process.poll() is not None:
            raise RuntimeError((clone.folder / "snakemake.log").read_text()[-2000:])
        time.sleep(1)
    submitted = time.monotonic()
    spent, memory = sum(watched.cpu_times()[:4]), watched.memory_info().rss
    sample = ours("pending")[:SAMPLE]
    for job in sample:
        cluster.run("scontrol", "release", job)
    while not set(sample) <= cluster.jobs("completed").keys():
        peak = max(peak, files(clone.folder))
        time.sleep(1)
    process.kill()  # anything gentler waits for its jobs
    process.wait()
    walls = [seconds(cluster, job) for job in sample]
    cluster.run("scancel", *ours("pending"))
    records = [json.loads(path.read_text())["cpu_s"] for path in (clone.folder / "results/runs").glob("*/record.json")]
    return {
        "runs": runs,
        "jobs": jobs,
        "seconds_until_first_submission": round((first or submitted) - begin, 1),
        "seconds_until_all_submitted": round(submitted - begin, 1),
        "seconds_per_run_submitted": round((submitted - begin) / runs, 3),
        "snakemake_cpu_seconds_until_all_submitted": round(spent, 1),
        "snakemake_memory_bytes": memory,
        "jobs_timed_on_the_node": len(walls),
        "median_seconds_per_job_on_the_node": statistics.median(walls),
        "median_cpu_seconds_per_job_on_the_node": round(statistics.median(records), 2),
        "peak_files": peak,
    }


def about(script: str) -> dict:
    """Return what figures measured here hold for."""
    machine = {"processor": provenance.processor(), "cpus": os.cpu_count(), "load_average_before": round(os.getloadavg()[0], 1)}
    return {
        "script": str(Path(script).resolve().relative_to(ROOT)),
        "when": provenance.now(),
        "machine": machine,
        "git": provenance.git_state(),
        "versions": {name: version(name) for name in PACKAGES},
    }


def main(home: Path, up: Path | None, seeds: int, seeds_per_job: int) -> dict:
    """Measure on a cluster that is up, or on one of its own."""
    cluster = Cluster(up or home / "slurm", cpus=max(CPUS, seeds_per_job))
    if up:
        return measure(home, cluster, seeds, seeds_per_job)
    try:
        cluster.start()
        return measure(home, cluster, seeds, seeds_per_job)
    finally:
        cluster.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seeds-per-job", type=int, default=1)
    parser.add_argument("--up", type=Path)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the cluster is stopped then too
    facts = about(__file__)
    with tempfile.TemporaryDirectory(prefix="rhelbench-slurm-") as folder:
        found = main(Path(folder), given.up, given.seeds, given.seeds_per_job)
    facts["machine"]["load_average_after"] = round(os.getloadavg()[0], 1)
    write_atomically(given.out, json.dumps({**facts, **found}, indent=1) + "\n")
