"""Resources of jobs for config/resources.yaml: peak host memory and CPU seconds.

    python -m rhelbench.bench.job_resources training results/published/slurm/training.json
    python -m rhelbench.bench.job_resources commands results/published/slurm/commands.json

Training is measured for every task at its real size, on random arrays. A separate process per measurement takes
two optimiser steps and evaluates one batch (BPTT, the algorithm that stores most). It runs on the CPU, where
activations count as host memory. On a GPU they do not, so this is an upper bound, except for the driver's memory.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from rhelbench.config import expand
from rhelbench.config.cores import available_cores
from rhelbench.files import write_atomically
from rhelbench.parameters import initial_parameters
from rhelbench.spec import RunSpec
from rhelbench.tasks import card
from rhelbench.tasks.splits import CUTS
from rhelbench.training import setup

#: Number of windows as in the splits: 15 subjects, 36 hours in total at 64 Hz (Reiss et al.).
WINDOWS = {"PPG-DaLiA": 1250}


def measure(spec: RunSpec) -> dict:
    """Take two optimiser steps and return their cost."""
    facts = card.load(spec.task)
    shape, rng = facts.shape(spec.hyper.time_channel), np.random.default_rng(0)
    n = int(CUTS[0] * WINDOWS.get(spec.task, facts.samples))
    x = rng.standard_normal((n, shape.length, shape.channels), np.float32)
    kind = shape.kind == "classification"
    y = (
        rng.integers(0, shape.outputs, n).astype(np.int32)
        if kind
        else rng.random((n, shape.length // shape.output_step, shape.outputs), np.float32)
    )
    setup.configure_process(spec.framework)
    learner = setup.make_learner(spec, shape)
    learner.init(initial_parameters(spec, shape), 1)
    on_device, labels = learner.put(x), learner.put(y)
    plan = rng.integers(0, n, (1, spec.hyper.batch)).astype(np.int32)
    learner.train_chunk(on_device, labels, plan)
    begin = time.process_time()
    learner.train_chunk(on_device, labels, plan)
    step = time.process_time() - begin
    learner.predict(on_device[: spec.hyper.batch])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"peak_host_bytes": peak, "data_bytes": x.nbytes + y.nbytes, "cpu_seconds_per_step": round(step, 3)}


def about() -> dict:
    """Return the circumstances of the measurements."""
    machine = {"device": "cpu", "cpus": available_cores(), "load_average": os.getloadavg()[0]}
    return {"script": "rhelbench/bench/job_resources.py", "machine": machine}


def commands(out: Path) -> None:
    """Measure verification and the preparation of available archives (set RHELBENCH_MIRROR to their folder)."""
    found: dict[str, dict] = {}
    wanted = [["verify", "--framework", framework] for framework in ("jax", "torch")]
    with tempfile.TemporaryDirectory() as data:
        wanted += [["prepare", "--task", task, "--data", data] for task in ("Heartbeat", "SelfRegulationSCP1")]
        for arguments in wanted:
            process = subprocess.Popen([sys.executable, "-m", "rhelbench", *arguments], stdout=subprocess.DEVNULL)
            _, status, used = os.wait4(process.pid, 0)
            spent = round(used.ru_utime + used.ru_stime, 1)
            found[" ".join(arguments[:3])] = {"status": status, "peak_host_bytes": used.ru_maxrss * 1024, "cpu_seconds": spent}
            write_atomically(out, json.dumps({**about(), "commands": found}, indent=1) + "\n")


def training(out: Path) -> None:
    """Measure every task, model and framework of the paper's matrix that is missing in the file; write after each."""
    paper = expand.read("config/paper.yaml").model_copy(update={"algorithms": ["bptt"], "seeds": [2345]})
    before = json.loads(out.read_text())["cells"] if out.exists() else {}
    found = {name: cell for name, cell in before.items() if "error" not in cell}
    for spec in sorted(expand.expand(paper), key=lambda spec: card.load(spec.task).length):
        if (name := f"{spec.task} {spec.model} {spec.framework}") in found:
            continue
        command = [sys.executable, __file__, spec.canonical_json()]
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1", "NPROC": "1"})
        ended = json.loads(done.stdout) if done.returncode == 0 else {"error": done.stderr.strip().splitlines()[-1][:200]}
        found[name] = ended
        write_atomically(out, json.dumps({**about(), "cells": found}, indent=1) + "\n")


if __name__ == "__main__":
    if sys.argv[1].startswith("{"):
        print(json.dumps(measure(RunSpec.model_validate_json(sys.argv[1]))))
    else:
        {"training": training, "commands": commands}[sys.argv[1]](Path(sys.argv[2]))
