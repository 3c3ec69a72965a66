"""Measure what a run survives, with both real learners, and write it down: python tests/training/robustness.py --help.

Twenty kill -9 in a row at random moments against one undisturbed run, on BasicMotions; and the time from SIGTERM to the
checkpoint, on Heartbeat as published. Both tasks must be prepared. What is not measured this time stays in the file as it was.
"""

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from rhelbench.config import expand
from rhelbench.files import write_atomically
from rhelbench.records import io
from rhelbench.records.provenance import describe
from rhelbench.spec import RunSpec

SEED = 20
SMOKE = {
    "name": "kills",
    "protocol": "exact",
    "tasks": "BasicMotions",
    "models": "nonlinear",
    "algorithms": "rhel",
    "seeds": 2345,
}
SMALL = {"hidden": 16, "state": 4, "blocks": 1}
LONG = {"name": "signals", "protocol": "released", "tasks": "Heartbeat", "models": "linear-complex", "seeds": 2345}


def spec_of(matrix: dict[str, Any], **changes: Any) -> RunSpec:
    """Return the one run of a matrix."""
    (spec,) = expand.expand(expand.parse(matrix | changes, "robustness"))
    return spec


def start(spec: RunSpec, folder: Path, data: Path) -> subprocess.Popen[str]:
    """Start a job as `snakemake` does."""
    where = ["--data", str(data), "--results", str(folder / "runs"), "--scratch", str(folder / "scratch")]
    command = [sys.executable, "-m", "rhelbench", "train", "--spec", spec.canonical_json(), *where]
    settings = {
        "WANDB_MODE": "disabled",
        "OMP_NUM_THREADS": "1",
        "NPROC": "1",
        "JAX_COMPILATION_CACHE_DIR": str(folder / "cache"),
    }
    return subprocess.Popen(command, env=os.environ | settings, stderr=subprocess.PIPE, text=True)


def stamp(spec: RunSpec, folder: Path) -> int:
    """Return when the run's checkpoint was written, in nanoseconds; 0 without one, as for the moment of a rename."""
    try:
        return (folder / "scratch" / spec.run_id / "checkpoint").stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def kills(framework: str, number: int, folder: Path, data: Path) -> dict[str, Any]:
    """Kill a run at random moments, half of them in its start-up, resume it each time, and compare its record."""
    overrides = {"steps": 60 * number + 60, "eval_every": 10, "chunk_steps": 5, "patience": 1000, **SMALL}
    spec, rng = spec_of(SMOKE, frameworks=framework, overrides=overrides), random.Random(SEED)
    assert start(spec, folder / "whole", data).wait() == 0
    steps, alive = [], 0
    for kill in range(number):
        process, before = start(spec, folder / "killed", data), stamp(spec, folder / "killed")
        if kill % 2 == 0:  # some time after a checkpoint of its own
            while stamp(spec, folder / "killed") == before and process.poll() is None:
                time.sleep(0.005)
            time.sleep(rng.uniform(0, 0.3))
        else:
            time.sleep(rng.uniform(0, 2.0))
        alive += process.poll() is None
        process.kill()
        process.communicate()
        history = folder / "killed" / "runs" / spec.run_id / "history.csv"
        steps.append(len(history.read_text().splitlines()) - 1 if history.exists() else 0)
    assert start(spec, folder / "killed", data).wait() == 0
    one, two = (io.read(folder / name / "runs" / spec.run_id) for name in ("whole", "killed"))
    assert one is not None
    assert two is not None
    return {
        "framework": framework, "kills": number, "alive_when_killed": alive, "evaluations_seen_at_each_kill": steps,
        "last_step": one["result"]["last_step"], "resumptions": two["provenance"]["resumptions"],
        "records_equal": one["result"] == two["result"],
        "result_digest": io.digest(json.dumps(two["result"], sort_keys=True)),
    }  # fmt: skip


def signals(framework: str, algorithm: str, number: int, folder: Path, data: Path) -> dict[str, Any]:
    """Return seconds from SIGTERM to a durable checkpoint, at random moments of training, and to the process's end.

    By the clock, and in the process's own time on the processor, which other work on the machine lengthens less. An evaluation
    follows every chunk here, so that the worst case includes one; as published, one in twenty does.
    """
    spec = spec_of(LONG, frameworks=framework, algorithms=algorithm, overrides={"steps": 5000, "eval_every": 50})
    rng, rows = random.Random(SEED), []
    for _ in range(number):
        process, before = start(spec, folder, data), stamp(spec, folder)
        watched = psutil.Process(process.pid)
        spent = lambda watched=watched: sum(watched.cpu_times()[:2])  # noqa: E731
        while stamp(spec, folder) <= before:
            time.sleep(0.02)
        until = spent() + rng.uniform(0, 3)
        while spent() < until:
            time.sleep(0.02)
        before, then, asked = stamp(spec, folder), spent(), time.time_ns()
        process.send_signal(signal.SIGTERM)
        while stamp(spec, folder) <= before:
            time.sleep(0.005)
        row = {"processor_s": spent() - then, "wall_s": (stamp(spec, folder) - asked) / 1e9}
        assert process.wait() == 128 + signal.SIGTERM
        rows.append(row | {"ended_wall_s": (time.time_ns() - asked) / 1e9})
    return {
        "framework": framework, "algorithm": algorithm, "signals": number, "chunk_steps": spec.budget.chunk_steps,
        "checkpoint_bytes": (folder / "scratch" / spec.run_id / "checkpoint").stat().st_size,
        **{name: {"median": statistics.median(row[name] for row in rows), "worst": max(row[name] for row in rows)}
           for name in rows[0]},
    }  # fmt: skip


def machine() -> dict[str, Any]:
    """Return where and with which code the numbers were measured, and how busy the machine was."""
    known = describe(spec_of(LONG, frameworks="jax", algorithms="rhel"), {})
    kept = {key: known[key] for key in ("processor", "platform", "git", "lock_digest")}
    return kept | {"cpus": os.cpu_count(), "load": os.getloadavg()}


def main() -> None:
    """Measure, and write the file after every part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of prepared tasks")
    parser.add_argument("--folder", type=Path, required=True, help="an empty folder to work in")
    parser.add_argument("--frameworks", nargs="+", default=["jax", "torch"])
    parser.add_argument("--kills", type=int, default=20, help="0: do not measure them")
    parser.add_argument("--signals", type=int, default=5, help="0: do not measure them")
    parser.add_argument("--out", type=Path, default=Path("results/published/robustness.json"))
    given = parser.parse_args()

    def store(name: str, row: dict[str, Any]) -> None:
        found = json.loads(given.out.read_text()) if given.out.exists() else {}
        write_atomically(given.out, json.dumps(found | {name: row | {"machine": machine()}}, indent=1, sort_keys=True) + "\n")
        print(name, json.dumps(row), flush=True)

    for framework in given.frameworks:
        if given.kills:
            store(f"kills {framework}", kills(framework, given.kills, given.folder / f"kills-{framework}", given.data))
        for algorithm in ("bptt", "rhel") if given.signals else ():
            where = given.folder / f"signals-{framework}-{algorithm}"
            store(f"signals {framework} {algorithm}", signals(framework, algorithm, given.signals, where, given.data))


if __name__ == "__main__":
    main()
