"""Real learners on real recordings: resumed, re-run from the specification left behind, compiled once."""

import json

import jax
import numpy as np
import pytest

from rhelbench.cli import main
from rhelbench.config import expand
from rhelbench.errors import UserError
from rhelbench.parameters import initial_parameters
from rhelbench.records import io
from rhelbench.tasks.prepare import prepare
from rhelbench.training import setup, trainer
from rhelbench.training.checkpoint import Checkpoints
from rhelbench.training.metrics import Part, evaluate
from rhelbench.training.trainer import train
from tests.training.softmax import Watch

SMALL = {"steps": 45, "eval_every": 15, "chunk_steps": 5, "hidden": 16, "state": 4, "blocks": 1}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    prepare("BasicMotions", folder)
    return folder


def spec_of(framework, model="linear", protocol="exact", algorithm="rhel", **overrides):
    """A cell of the smoke matrix, made small; dropout stays on."""
    matrix = {
        "name": "small", "protocol": protocol, "tasks": "BasicMotions", "models": model, "algorithms": algorithm,
        "frameworks": framework, "seeds": 2345, "overrides": SMALL | overrides,
    }  # fmt: skip
    return expand.expand(expand.parse(matrix, "test"))[0]


@pytest.mark.parametrize("framework", ["jax", "torch"])
def test_one_result_whole_in_pieces_and_re_run_from_its_spec(tmp_path, data, framework):
    spec = spec_of(framework, steps=30)  # six chunks: one piece ends after the fourth
    given = spec.canonical_json()
    records = []
    for name in ("first", "again"):
        where = ["--data", str(data), "--results", str(tmp_path / name), "--scratch", str(tmp_path / "scratch" / name)]
        assert main(["train", "--spec", given, *where]) == 0
        folder = tmp_path / name / spec.run_id
        records.append(json.loads((folder / "record.json").read_text()))
        given = str(folder / "spec.json")
    first, again = (record["result"] for record in records)
    assert first == again
    assert first["status"] == "done"
    assert first["digests"]["history"] == io.digest((tmp_path / "first" / spec.run_id / "history.csv").read_bytes())

    problem, outcome, resumptions = setup.load(spec, data), None, -1
    while outcome is None:  # every fourth chunk, so between two evaluations
        learner = setup.make_learner(spec, problem.shape)
        outcome = train(spec, learner, problem, Checkpoints(tmp_path / "pieces", "x"), Watch(4))
        resumptions += 1
    assert resumptions >= 1
    kept = {name: array for name, array in outcome.run.kept.items() if name.startswith("parameters.")}
    assert io.digest(io.format_history(outcome.run.history)) == first["digests"]["history"]
    assert io.arrays_digest(kept) == first["digests"]["parameters"]
    assert (outcome.metric.value, outcome.metric.correct) == (first["value"], first["correct"])


@pytest.mark.parametrize("framework", ["jax", "torch"])
def test_nothing_is_compiled_after_the_first_evaluation_and_the_metric_is_the_published_one(tmp_path, data, framework):
    spec = spec_of(framework, "linear-real")
    problem = setup.load(spec, data)
    learner = setup.make_learner(spec, problem.shape)
    compiled, test = [], Part(learner.put(problem.parts["test"][0]), problem.parts["test"][1])

    class Spy(Watch):
        at_chunks, best, reported = (), -1.0, None

        def evaluated(self, run):
            if run.history and run.history[-1]["val"] >= self.best:
                self.best = run.history[-1]["val"]
                self.reported = run.step, evaluate(learner, test)

        def stepped(self, run):
            self.at_chunks = (*self.at_chunks, (run.step, len(compiled), learner.facts()["compilations"]))
            return True

    listen = lambda event, seconds, **more: compiled.append(event) if "backend_compile" in event else None  # noqa: E731
    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        spy = Spy()
        outcome = train(spec, learner, problem, Checkpoints(tmp_path, "x"), spy)
    finally:
        jax.monitoring.clear_event_listeners()
    counts = {numbers for step, *numbers in spy.at_chunks if step >= SMALL["eval_every"] for numbers in [tuple(numbers)]}
    assert len(counts) == 1
    spans = {numbers for step, *numbers in spy.at_chunks if step < SMALL["eval_every"] for numbers in [tuple(numbers)]}
    assert len(spans) == 1  # nor between the first chunk and the second
    if framework == "jax":
        assert min(numbers[0] for numbers in counts) > 0  # the listener hears them
    assert (outcome.run.stopping.best_step, outcome.metric) == spy.reported


@pytest.mark.parametrize("framework", ["jax", "torch"])
def test_a_bad_start_is_refused_and_under_released_a_step_may_leave_its_range(tmp_path, data, framework, monkeypatch):
    """A learning rate that moves δ from 1e-4 far outside at once; the very same flags and sentences in both frameworks."""
    for protocol, value, said in (("exact", 9.0, "initial δ = 9 is outside the stable range"), ("released", np.nan, "is nan")):
        spec = spec_of(framework, "nonlinear", protocol)
        problem = setup.load(spec, data)

        def bad(spec, shape, value=value):
            return initial_parameters(spec, shape) | {"blocks.0.hru.delta": np.array(value, np.float32)}

        with monkeypatch.context() as patch:
            patch.setattr(trainer, "initial_parameters", bad)
            with pytest.raises(UserError, match=f"blocks.0.hru.*{said}"):
                train(spec, setup.make_learner(spec, problem.shape), problem, Checkpoints(tmp_path, protocol), Watch())
    spec = spec_of(framework, "nonlinear", "released", "bptt", lr=1.0, steps=6, eval_every=3, chunk_steps=3)
    outcome = train(spec, setup.make_learner(spec, problem.shape), problem, Checkpoints(tmp_path, "x"), Watch())
    assert "unstable-step" in outcome.run.flags
    assert "At step 3 blocks.0.hru had left the leapfrog's stable range: " in outcome.run.troubles[0]
