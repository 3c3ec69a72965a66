"""What `seeds_per_job` gains: runs per hour of one device, a run at a time and several side by side.

    python slurm/packing.py results/published/slurm/packing.json

Each call trains four seeds of a cell of the smoke matrix to their end, in jobs of one, two and four, and adds a repetition to the
file; medians are over its repetitions. A job has the whole device, as on a cluster: the GPU where there is one, else all cores.
Start, compilation (from JAX's warm cache) and evaluation are in the times, as in a job's.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rhelbench import config
from rhelbench.records import provenance
from rhelbench.records.files import write_atomically
from rhelbench.spec import RunSpec

SIZES = (1, 2, 4)
CELL = {"models": ["linear-complex"], "algorithms": ["rhel"], "seeds": [2345, 3456, 4567, 5678]}
CORES = os.cpu_count() or 1


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


def train(home: Path, specs: list[RunSpec], size: int) -> tuple[float, list[dict]]:
    """Train all runs in jobs of ``size``; return the seconds and the records."""
    with tempfile.TemporaryDirectory(dir=home) as folder:
        results = Path(folder, "runs")
        places = ["--results", str(results), "--scratch", f"{folder}/scratch"]
        begin = time.monotonic()
        for start in range(0, len(specs), size):
            job = specs[start : start + size]
            call(home, "train", *places, *(option for spec in job for option in ("--spec", spec.canonical_json())))
        spent = time.monotonic() - begin
        return spent, [json.loads((results / spec.run_id / "record.json").read_text()) for spec in specs]


def measure(home: Path) -> dict[str, dict]:
    """Return, per framework, the seconds for all four runs by the size of a job, the device, and whether results agree."""
    found = {}
    call(home, "prepare", "--task", "BasicMotions")
    for framework in ("jax", "torch"):
        smoke = config.read("config/smoke.yaml").model_copy(update={**CELL, "frameworks": [framework]})
        specs = [spec for spec in config.expand(smoke) if spec.framework == framework]
        train(home, specs[:1], 1)
        seconds, results = {}, []
        for size in SIZES:
            seconds[str(size)], records = train(home, specs, size)
            results.append([record["result"] for record in records])
        device = records[0]["provenance"]["device"]
        found[framework] = {"device": device, "seconds": seconds, "equal": all(result == results[0] for result in results)}
    return found


def main(out: Path) -> None:
    """Add a repetition and write the medians."""
    before = json.loads(out.read_text())["repetitions"] if out.exists() else []
    facts = {"when": provenance.now(), "git": provenance.git(), "load_average": round(os.getloadavg()[0], 1)}
    with tempfile.TemporaryDirectory(prefix="rhelbench-packing-") as home:
        all_of_them = [*before, {**facts, "frameworks": measure(Path(home))}]
    rows = []
    for framework, last in all_of_them[-1]["frameworks"].items():
        for size in map(str, SIZES):
            own = [repetition["frameworks"][framework] for repetition in all_of_them]
            hour = 3600 * len(CELL["seeds"]) / statistics.median(one["seconds"][size] for one in own)
            rows.append({"framework": framework, "device": last["device"], "seeds_per_job": int(size),
                         "runs_per_hour": round(hour), "results_equal": all(one["equal"] for one in own)})  # fmt: skip
    machine = {"processor": provenance.processor(), "cores": CORES}
    report = {"script": "slurm/packing.py", "cell": {"task": "BasicMotions", **CELL}, "machine": machine}
    write_atomically(out, json.dumps({**report, "rows": rows, "repetitions": all_of_them}, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
