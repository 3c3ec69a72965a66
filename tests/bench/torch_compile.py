"""Does ``torch.compile`` pay on this CPU, at Heartbeat's size? ``python tests/bench/torch_compile.py OUT.csv [STEPS]``.

Compiled: the whole stack, with the backward pass that comes of it; outside, as graph breaks, the fused recurrence and the
drawing of the masks; uncompiled, the loss and Adam. Steps of both learners alternate; medians. What a cell has
compiled serves the later ones: the first cell's seconds are those that a run would pay.
"""

import csv
import os
import platform
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import torch

import impl_torch.learner as learner_module
from impl_torch import dropout, fused
from impl_torch.hssm import Norms, hssm
from rhelbench.contract import TaskShape
from rhelbench.parameters import initial
from rhelbench.spec import Budget, Hyperparameters, Nudge, RunSpec, Switches

SHAPE = TaskShape(channels=62, length=405, outputs=2, kind="classification")


def spec_of(model: str, algorithm: str) -> RunSpec:
    """Return Heartbeat's specification with dropout, in float32, with fused kernels."""
    return RunSpec(
        task="Heartbeat", model=model, algorithm="bptt" if algorithm == "bptt" else "rhel", framework="torch", seed=2345,
        protocol="exact", dtype="float32", kernel="fused",
        hyper=Hyperparameters(lr=1e-3, blocks=2, hidden=64, state=16, batch=32, dropout=0.1, time_channel=True),
        switches=Switches(
            algorithm=algorithm, integrator="leapfrog", nudge=Nudge(mode="relative", size=1e-4), c_squash=1, delta_init=0.1,
            delta_trained=True, loss="cross_entropy", norm="batch", dropout_mask="per_sample", split="content_hash",
            batches="every_complete",
        ),
        budget=Budget(steps=10, eval_every=10, patience=1, time_limit_s=1e3, chunk_steps=10),
    )  # fmt: skip


def measure(model: str, algorithm: str, steps: int) -> dict[str, object]:
    """Return seconds to compile and the medians of both steps in ms."""
    rng = np.random.default_rng(0)
    spec = spec_of(model, algorithm)
    compiled = torch.compile(hssm)

    def call(stack, parameters, x, norms, **rest):
        # A count that changes would be compiled anew at every step; only whether it is zero counts.
        outputs, after = compiled(stack, parameters, x, Norms(norms.statistics, min(norms.count, 1)), **rest)
        return outputs, Norms(after.statistics, norms.count + 1)

    times: dict[str, list[float]] = {"eager": [], "compiled": []}
    learners, data = {}, None
    for way in times:
        learner = learner_module.make_learner(spec, SHAPE)
        learner.init(initial(spec, SHAPE), dropout_seed=1)
        learners[way] = learner
        data = learner.put(rng.standard_normal((64, 405, 62))), learner.put(rng.integers(0, 2, 64).astype(np.int32))

    def step(way: str) -> float:
        learner_module.hssm = call if way == "compiled" else hssm
        start = time.perf_counter()
        learners[way].train_span(*data, rng.integers(0, 64, (1, 32)).astype(np.int32))
        return time.perf_counter() - start

    first = {way: [step(way) for _ in range(4)] for way in times}
    for _ in range(steps):
        for way, found in times.items():
            found.append(step(way))
    medians = {way: statistics.median(found) for way, found in times.items()}
    compile_s = sum(first["compiled"]) - 4 * medians["compiled"]
    return {
        "model": model, "algorithm": algorithm, "compile_s": round(compile_s, 1),
        "eager_ms": round(1e3 * medians["eager"], 1), "compiled_ms": round(1e3 * medians["compiled"], 1),
        "gain": round(1 - medians["compiled"] / medians["eager"], 3), "steps": steps, "threads": torch.get_num_threads(),
        "load": round(os.getloadavg()[0], 1), "torch": torch.__version__, "machine": platform.machine(),
    }  # fmt: skip


def main() -> None:
    """Measure four cells and write them."""
    dropout.Dropout.mask = torch.compiler.disable(dropout.Dropout.mask)
    plain = fused.fused
    learner_module.fused = lambda *names: torch.compiler.disable(plain(*names))
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    rows = []
    for model, algorithm in ((model, algorithm) for model in ("linear", "nonlinear") for algorithm in ("bptt", "rhel")):
        rows.append(measure(model, algorithm, steps))
        print(rows[-1])
    with Path(sys.argv[1]).open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
