"""Throughput of `seeds_per_job`: runs per hour of one device, alone and several at a time.

    python -m rhelbench.bench.seeds_per_job results/published/slurm/packing.json

Each call trains four seeds of a configuration of the smoke matrix to their end, in jobs of one, two and four: as
processes, sequentially or (JAX) as one program. It adds a repetition to the file; medians are over repetitions. A
job has the whole device, as on a cluster: the GPU if there is one, else all cores. Times include start, compilation
(from JAX's warm cache) and evaluation. On a host with other load, CPU seconds are more reliable than runs per hour.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rhelbench.config import expand
from rhelbench.config.cores import available_cores
from rhelbench.files import write_atomically
from rhelbench.records import provenance
from rhelbench.registry import FRAMEWORKS
from rhelbench.spec import RunSpec

#: Seeds per job, and how they share it.
WAYS = ((1, "alone"), (2, "processes"), (4, "processes"), (4, "sequential"), (2, "vectorised"), (4, "vectorised"))
CELL = {"models": ["linear"], "algorithms": ["rhel"], "seeds": [2345, 3456, 4567, 5678], "overrides": {"steps": 120}}
CORES = available_cores()


def call(home: Path, *arguments: str) -> None:
    """Run a command of the suite as a job does."""
    threads = {"OMP_NUM_THREADS": str(CORES), "NPROC": str(CORES)}
    settings = {
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "JAX_COMPILATION_CACHE_DIR": str(home / "jax"),
        "WANDB_MODE": "disabled",
    }
    command = [sys.executable, "-m", "rhelbench", *arguments, "--data", str(home / "data")]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **threads, **settings})


def cpu() -> float:
    """Return the CPU seconds of all finished child processes."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def train(home: Path, specs: list[RunSpec], size: int, how: str) -> tuple[dict[str, float], list[dict]]:
    """Train all runs in jobs of ``size``; return wall and CPU seconds, and the records.

    A failed run ends the script.
    """
    option = [] if how == "alone" else ["--packing", how]
    with tempfile.TemporaryDirectory(dir=home) as folder:
        results = Path(folder, "runs")
        places = ["--results", str(results), "--scratch", f"{folder}/scratch"]
        begin, before = time.monotonic(), cpu()
        for start in range(0, len(specs), size):
            job = specs[start : start + size]
            call(home, "train", *option, *places, *(word for spec in job for word in ("--spec", spec.canonical_json())))
        spent = {"seconds": round(time.monotonic() - begin, 2), "cpu_seconds": round(cpu() - before, 2)}
        records = [json.loads((results / spec.run_id / "record.json").read_text()) for spec in specs]
    broken = [record["result"]["error"] for record in records if record["result"]["status"] == "failed"]
    if broken:
        raise SystemExit(f"{len(broken)} of {len(specs)} runs failed, which is no measurement: {broken[0]}")
    return spent, records


def measure(home: Path) -> list[dict]:
    """Return a row per framework and packing: device, seconds for all four runs, whether results equal those alone."""
    rows = []
    call(home, "prepare", "--task", "BasicMotions")
    for framework in ("jax", "torch"):
        smoke = expand.read("config/smoke.yaml").model_copy(update={**CELL, "frameworks": [framework]})
        specs = [spec for spec in expand.expand(smoke) if spec.framework == framework]
        ways = [way for way in WAYS if way[1] != "vectorised" or FRAMEWORKS[framework].vmap_seeds]
        budget = specs[0].budget.model_copy(update={"steps": specs[0].budget.eval_every})
        for size, how in ways:  # fills JAX's cache of compiled programs
            train(home, [spec.model_copy(update={"budget": budget}) for spec in specs[:size]], size, how)
        alone: list[dict] = []
        for size, how in ways:
            spent, records = train(home, specs, size, how)
            results = [record["result"] for record in records]
            alone = alone or results
            values = [one["value"] == other["value"] for one, other in zip(results, alone, strict=True)]
            same = "every bit" if results == alone else "test metric" if all(values) else "no"
            rows.append({"framework": framework, "device": records[0]["provenance"]["device"], "seeds_per_job": size,
                         "packing": how, **spent, "equal": same})  # fmt: skip
    return rows


def main(out: Path) -> None:
    """Add a repetition and write the medians."""
    before = json.loads(out.read_text())["repetitions"] if out.exists() else []
    facts = {"when": provenance.now(), "git": provenance.git_state(), "load_average": round(os.getloadavg()[0], 1)}
    with tempfile.TemporaryDirectory(prefix="rhelbench-packing-") as home:
        repetitions = [*before, {**facts, "rows": measure(Path(home))}]
    rows = []
    for number, row in enumerate(repetitions[-1]["rows"]):
        wall, spent = (
            statistics.median(repetition["rows"][number][key] for repetition in repetitions) for key in ("seconds", "cpu_seconds")
        )
        runs = len(CELL["seeds"])
        rows.append({**row, "seconds": wall, "cpu_seconds": spent, "runs_per_hour": round(3600 * runs / wall),
                     "cpu_seconds_per_run": round(spent / runs, 1)})  # fmt: skip
    machine = {"processor": provenance.processor(), "cpus": CORES}
    report = {"script": "rhelbench/bench/seeds_per_job.py", "cell": {"task": "BasicMotions", **CELL}, "machine": machine}
    write_atomically(out, json.dumps({**report, "rows": rows, "repetitions": repetitions}, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
