"""One whole model: the optimiser step of the real learner, in this process, which should be new."""

from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from rhelbench.bench.gemm_bound import gemm_bound_ms
from rhelbench.bench.plan import Measurement
from rhelbench.bench.timing import highest, repeat, resident, spread
from rhelbench.config.protocols import read_protocol, resolve_switches
from rhelbench.contract import TaskShape
from rhelbench.parameters import initial_parameters
from rhelbench.registry import FRAMEWORKS
from rhelbench.seeds import generator
from rhelbench.spec import Budget, Hyperparameters, RunSpec
from rhelbench.tasks import card
from rhelbench.training import setup


def spec_of(cell: Measurement) -> RunSpec:
    """Return a run for timing: no dropout, and a learning rate that changes almost nothing."""
    switches = resolve_switches(read_protocol(cell.protocol), cell.length, cell.algorithm, cell.model)
    hyper = Hyperparameters(
        lr=1e-6, blocks=cell.blocks, hidden=cell.hidden, state=cell.state, batch=cell.batch, dropout=0.0, time_channel=False
    )
    budget = Budget(steps=1, eval_every=1, patience=1, time_limit_s=1.0, chunk_steps=1)
    names = {name: getattr(cell, name) for name in ("task", "model", "algorithm", "framework", "protocol", "kernel")}
    return RunSpec.model_validate(names | {"seed": 0, "hyper": hyper, "budget": budget, "switches": switches, "dtype": "float32"})


def draw_problem(cell: Measurement) -> tuple[TaskShape, np.ndarray, np.ndarray]:
    """Return sizes, inputs ~ N(0, 1), and labels or targets in (−1, 1), of one batch."""
    task = card.load(cell.task)
    shape = TaskShape(cell.channels, cell.length, task.outputs, task.kind)
    rng = generator("bench/data", cell.task, 0, 0)
    x = rng.standard_normal((cell.batch, cell.length, cell.channels), np.float32)
    if shape.kind == "classification":
        return shape, x, rng.integers(0, shape.outputs, cell.batch).astype(np.int32)
    return shape, x, rng.uniform(-1, 1, (cell.batch, cell.length // shape.output_step, shape.outputs)).astype(np.float32)


def measure(cell: Measurement) -> dict[str, Any]:
    """Return the times of an optimiser step, of compilation and of the GEMM lower bound, and peak memory."""
    spec, (shape, x, y) = spec_of(cell), draw_problem(cell)
    setup.configure_process(cell.framework)
    learner = setup.make_learner(spec, shape)
    learner.init(initial_parameters(spec, shape), 0)
    inputs, targets = learner.put(x), learner.put(y)
    plan = np.tile(np.arange(cell.batch, dtype=np.int32), (cell.steps_per_call, 1))
    before = resident()
    call = partial(learner.train_chunk, inputs, targets, plan)
    (first,) = repeat(call, 1)
    times = [time / cell.steps_per_call for time in repeat(call, cell.calls, cell.seconds)]
    peak, facts = highest(), learner.facts()
    product = import_module(str(FRAMEWORKS[cell.framework].bench)).product
    return {
        **spread(times),
        "steps_per_call": cell.steps_per_call,
        "first_ms": first,
        "compile_s": facts["compile_s"],
        "gemm_bound_ms": gemm_bound_ms(cell, product),
        "before_bytes": before,
        "peak_bytes": peak,
        "device": facts["device"],
        "device_peak_bytes": facts["peak_device_bytes"],
    }
