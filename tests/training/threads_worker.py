"""What test_threads runs in a process of its own: it trains the first of CASES and prints a digest of all that came out."""

import sys

import numpy as np

from rhelbench.config import cores, expand
from rhelbench.contract import TaskShape
from rhelbench.parameters import initial_parameters
from rhelbench.records.io import arrays_digest
from rhelbench.training import setup

SHAPES = {"classification": TaskShape(3, 32, 4, "classification"), "regression": TaskShape(2, 32, 1, "regression", 16)}
#: Model, algorithm, kernel, kind of task: together every pass and both read-outs.
CASES = [
    ("linear", "rhel", "fused", "regression"),
    ("linear", "bptt", "portable", "classification"),
    ("nonlinear", "rhel", "fused", "classification"),
    ("nonlinear", "bptt", "fused", "regression"),
    ("memoryless", "bptt", "portable", "regression"),
]


def digest(framework: str, model: str, algorithm: str, kernel: str, kind: str, steps: int) -> str:
    """Return the SHA-256 of losses, state and predictions after so many steps of training."""
    sizes = {"steps": steps, "eval_every": steps, "chunk_steps": steps, "batch": 48, "hidden": 24, "state": 16}
    matrix = {
        "name": "threads", "protocol": "exact", "tasks": ["BasicMotions"], "models": [model], "algorithms": [algorithm],
        "frameworks": [framework], "seeds": [1], "overrides": sizes | {"kernel": kernel, "dropout": 0.1, "time_channel": False},
    }  # fmt: skip
    (spec,) = expand.expand(expand.parse(matrix, "threads"))
    shape, rng = SHAPES[kind], np.random.default_rng(0)
    x = rng.standard_normal((60, shape.length, shape.channels), np.float32)
    if kind == "classification":
        y = rng.integers(0, shape.outputs, 60).astype(np.int32)
    else:
        y = rng.uniform(-1, 1, (60, shape.length // shape.output_step, shape.outputs)).astype(np.float32)
    learner = setup.make_learner(spec, shape)
    learner.init(initial_parameters(spec, shape), 7)
    with learner.precision():
        plan = np.stack([rng.permutation(60)[:48] for _ in range(steps)]).astype(np.int32)
        losses = learner.train_chunk(learner.put(x), learner.put(y), plan)
        found = {
            "losses": losses,
            "outputs": learner.predict(learner.put(x)),
            "fidelity": np.array(learner.fidelity(learner.put(x))),
        }
    return arrays_digest(found | learner.state())


if __name__ == "__main__":
    framework, threads, steps, count = sys.argv[1], *map(int, sys.argv[2:5])
    cores.set_threads(threads)
    setup.configure_process(framework)
    for case in CASES[:count]:
        print(*case, digest(framework, *case, steps))
