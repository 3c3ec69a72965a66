from itertools import count

import numpy as np
import pytest

from rhelbench.errors import UserError
from rhelbench.parameters import initial_parameters
from rhelbench.registry import ALGORITHMS
from rhelbench.training import trainer
from rhelbench.training.checkpoint import Checkpoints
from rhelbench.training.metrics import Part, evaluate
from rhelbench.training.trainer import train
from tests.training.softmax import Fake, Watch, make_problem, make_spec

PROBLEM = make_problem()


def finish(spec, folder, interrupt_after=None, **fake):
    """Train to the end, in as many processes' worth of learners as it takes; return outcome and number of resumptions."""
    for resumptions in count():
        watch = Watch(interrupt_after)
        outcome = train(spec, Fake(spec, PROBLEM.shape, **fake), PROBLEM, Checkpoints(folder, spec.run_id), watch)
        if outcome is not None:
            return outcome, resumptions
    raise AssertionError


def comparable(outcome):
    run = outcome.run
    kept = {name: array.tobytes() for name, array in run.kept.items()}
    return outcome.status, outcome.metric, run.flags, run.step, run.history, run.stopping, kept


@pytest.mark.parametrize("interrupt_after", [1, 2, 3, 5])
@pytest.mark.parametrize("budget", [{}, {"patience": 1, "steps": 400}, {"steps": 57}])
def test_resumed_equals_uninterrupted_bit_for_bit(tmp_path, interrupt_after, budget):
    spec = make_spec(budget)
    whole, _ = finish(spec, tmp_path / "whole")
    pieces, resumptions = finish(spec, tmp_path / "pieces", interrupt_after)
    assert resumptions >= 1
    assert comparable(pieces) == comparable(whole)
    assert pieces.run.resumptions == resumptions


def test_the_metric_is_the_test_metric_at_the_last_best_validation(tmp_path):
    """The published way: evaluate test at every evaluation that is at least as good as any before, report the last."""
    spec = make_spec({"steps": 200, "eval_every": 5})

    class Spy(Watch):
        def __init__(self, learner):
            super().__init__()
            self.learner, self.best, self.reported = learner, -1.0, None

        def evaluated(self, run):
            if run.history and run.history[-1]["val"] >= self.best:
                self.best = run.history[-1]["val"]
                self.reported = run.step, evaluate(self.learner, Part(*PROBLEM.parts["test"]))

    learner = Fake(spec, PROBLEM.shape)
    spy = Spy(learner)
    outcome = train(spec, learner, PROBLEM, Checkpoints(tmp_path, "x"), spy)
    assert (outcome.run.stopping.best_step, outcome.metric) == spy.reported
    assert outcome.run.stopping.best_step < 200  # otherwise the last parameters would do as well


def test_the_test_part_is_scored_once(tmp_path):
    spec = make_spec()
    learner = Fake(spec, PROBLEM.shape)
    outcome = train(spec, learner, PROBLEM, Checkpoints(tmp_path, "x"), Watch())
    assert learner.predicted == 2 * len(outcome.run.history) + 1


def test_history_rows(tmp_path):
    outcome, _ = finish(make_spec({"steps": 25}), tmp_path)
    assert [row["step"] for row in outcome.run.history] == [10, 20, 25]
    assert outcome.status == "done"
    assert all(np.isfinite(row["loss"]) and row["fidelity"] == 1e-6 for row in outcome.run.history)


def test_fidelity_is_measured_where_the_path_is_retraced_and_a_lost_echo_is_flagged(tmp_path):
    lost, _ = finish(make_spec(), tmp_path / "lost", fidelity=0.011)
    fine, _ = finish(make_spec(), tmp_path / "fine", fidelity=0.01)
    assert (lost.run.flags, fine.run.flags) == (["echo-lost"], [])
    assert lost.run.troubles == ["At step 10 the echo ended 1.1e-02 of its path's size away from its origin."]
    for algorithm in ALGORITHMS:
        outcome, _ = finish(make_spec(switches={"algorithm": algorithm}), tmp_path / algorithm, fidelity=1.0)
        assert outcome.run.flags == (["echo-lost"] if ALGORITHMS[algorithm].retraces else [])
        assert {row["fidelity"] for row in outcome.run.history} == ({1.0} if ALGORITHMS[algorithm].retraces else {None})
    nan, _ = finish(make_spec(), tmp_path / "nan", fidelity=float("nan"))
    assert nan.run.flags == ["echo-lost"]


@pytest.mark.parametrize(("size", "flags"), [(1e-3, []), (0.05, ["nudge-large"])])
def test_a_nudge_on_whose_size_the_gradient_depends_is_flagged(tmp_path, size, flags):
    """The fake's gradient turns by 0.9 of the nudge's size between it and a tenth of it."""
    for algorithm, entry in ALGORITHMS.items():
        spec = make_spec(switches={"algorithm": algorithm})
        nudge = spec.switches.nudge.model_copy(update={"size": size})
        spec = spec.model_copy(update={"switches": spec.switches.model_copy(update={"nudge": nudge})})
        folder = tmp_path / algorithm
        outcome = train(spec, Fake(spec, PROBLEM.shape), PROBLEM, Checkpoints(folder, "x"), Watch(), Fake)
        assert outcome.run.flags == (flags if entry.needs_nudge and not entry.random else [])
        if outcome.run.flags:
            sentence = "At step 10 the gradient's direction at a relative nudge of 0.05 and at 0.1 of it differ by 4.5e-02."
            assert outcome.run.troubles == [sentence]


def test_the_last_tie_is_dropped_where_the_protocol_says_so(tmp_path):
    class Level(Fake):
        def predict(self, x):
            return np.zeros((len(x), self.shape.outputs))

    steps = {}
    for tie in ("kept", "dropped"):
        spec = make_spec({"steps": 1000, "patience": 2}, switches={"last_tie": tie})
        outcome = train(spec, Level(spec, PROBLEM.shape), PROBLEM, Checkpoints(tmp_path / tie, "x"), Watch())
        assert outcome.status == "early-stopped"
        steps[tie] = outcome.run.stopping.best_step, outcome.run.step
    assert steps == {"kept": (40, 40), "dropped": (30, 40)}


@pytest.mark.parametrize("protocol", ["exact", "released"])
def test_a_step_that_leaves_the_stable_range_is_recorded_not_refused(tmp_path, protocol):
    class Leaving(Fake):
        def state(self):
            units = {"parameters.blocks.0.hru.delta": np.array(0.1 if self.count <= 20 else -1e-4)}
            return super().state() | units

    spec = make_spec(model="nonlinear", protocol=protocol)
    outcome = None
    while outcome is None:  # in two pieces: the flag is part of the state
        outcome = train(spec, Leaving(spec, PROBLEM.shape), PROBLEM, Checkpoints(tmp_path, "x"), Watch(7))
    assert (outcome.status, outcome.run.flags) == ("done", ["unstable-step"])
    (said,) = outcome.run.troubles
    assert said == "At step 30 blocks.0.hru had left the leapfrog's stable range: δ = -0.0001 is not positive."


def test_early_stopping(tmp_path):
    outcome, _ = finish(make_spec({"patience": 2, "steps": 10_000}), tmp_path)
    assert outcome.status == "early-stopped"
    assert outcome.run.stopping.waited == 3
    values = [row["val"] for row in outcome.run.history]
    assert max(values[:-3]) == max(values)


@pytest.mark.parametrize(("nan_at", "rows"), [(33, 3), (3, 0)])
def test_divergence_keeps_the_last_best_parameters(tmp_path, nan_at, rows):
    outcome, _ = finish(make_spec(), tmp_path, nan_at=nan_at)
    assert (outcome.status, outcome.run.step, len(outcome.run.history)) == ("diverged", nan_at + 1, rows)
    assert (outcome.metric is None) == (rows == 0)


def test_a_validation_that_is_not_finite_is_divergence(tmp_path):
    class Broken(Fake):
        def predict(self, x):
            return super().predict(x) * (np.nan if self.count > 20 else 1)

    spec = make_spec()
    for _ in range(2):  # the second time from the checkpoint written at the divergence
        outcome = train(spec, Broken(spec, PROBLEM.shape), PROBLEM, Checkpoints(tmp_path, "x"), Watch())
        assert (outcome.status, outcome.run.step, outcome.run.stopping.best_step in (10, 20)) == ("diverged", 30, True)
        assert np.isfinite(outcome.metric.value)


def test_the_time_limit_counts_across_resumptions(tmp_path):
    spec = make_spec({"time_limit_s": 0.3, "steps": 100_000, "patience": 100_000})
    outcome, resumptions = finish(spec, tmp_path, interrupt_after=2, pause_s=0.002)
    assert outcome.status == "time-limit"
    assert resumptions >= 1
    assert 0.3 < outcome.run.clock.total < 1.5
    assert outcome.metric is not None


def test_a_time_limit_before_the_first_evaluation_evaluates_once(tmp_path):
    outcome, _ = finish(make_spec({"time_limit_s": 0.01, "eval_every": 50}), tmp_path, pause_s=0.005)
    assert (outcome.status, len(outcome.run.history), outcome.run.step) == ("time-limit", 1, 5)


def test_a_disk_that_refuses_checkpoints_does_not_stop_the_run(tmp_path, monkeypatch):
    whole, _ = finish(make_spec(), tmp_path / "whole")
    monkeypatch.setattr(Checkpoints, "save", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    outcome, _ = finish(make_spec(), tmp_path / "full")
    assert comparable(outcome) == comparable(whole)
    assert outcome.run.troubles[0].startswith("The checkpoint of step 10 could not be written")


def test_seconds_are_split(tmp_path):
    outcome, _ = finish(make_spec(), tmp_path, pause_s=0.001)
    seconds = outcome.run.clock.seconds
    assert seconds["train"] > 0.06
    assert set(seconds) == {"compile", "train", "evaluate", "data", "checkpoint"}


@pytest.mark.parametrize(("path", "value", "protocol", "said"), [
    ("a", np.nan, "exact", r"Parameter blocks\.0\.hru\.a\[0\] is nan"),
    ("a", np.nan, "released", r"Parameter blocks\.0\.hru\.a\[0\] is nan"),
    ("a", 30.0, "exact", r"blocks\.0\.hru: initial δ = .* is outside the stable range"),
    ("a", 30.0, "released", None),
])  # fmt: skip
def test_a_bad_start_is_refused_before_the_first_step(tmp_path, monkeypatch, path, value, protocol, said):
    def bad(spec, shape):
        parameters = initial_parameters(spec, shape)
        parameters[f"blocks.0.hru.{path}"][:] = value
        return parameters

    monkeypatch.setattr(trainer, "initial_parameters", bad)
    spec = make_spec(protocol=protocol)
    learner = Fake(spec, PROBLEM.shape)
    if said is None:
        assert train(spec, learner, PROBLEM, Checkpoints(tmp_path, "x"), Watch()).status == "done"
        return
    with pytest.raises(UserError, match=said):
        train(spec, learner, PROBLEM, Checkpoints(tmp_path, "x"), Watch())
    assert learner.predicted == 0
