"""The parity levels of `python -m rhelbench verify`, one by one, for both frameworks."""

from collections.abc import Callable
from itertools import product

import pytest

from kernels.cpu import head, launch
from kernels.passes import KERNELS
from rhelbench.cli import main
from rhelbench.errors import UserError
from rhelbench.oracle import hamiltonians
from rhelbench.oracle.learner import make_learner
from rhelbench.registry import FRAMEWORKS, MODELS
from rhelbench.verify import parity
from rhelbench.verify.cases import all_cases, fused, make_case

TRAINED = [name for name, entry in FRAMEWORKS.items() if entry.trains]
UNITS = [name for name, model in MODELS.items() if model.hamiltonian]


@pytest.mark.parametrize(("framework", "model", "algorithm"), list(product(TRAINED, UNITS, ("bptt", "rhel"))))
def test_every_level_is_run(framework: str, model: str, algorithm: str) -> None:
    rows = list(parity.run_case(make_case(framework, model, algorithm, "exact", "classification")))
    echo = [f"echo {MODELS[model].hamiltonian}"] if algorithm == "rhel" else []
    assert [row.level for row in rows] == ["state", "step", "outputs", "gradients", "training", *echo]
    assert [row for row in rows if not row.passed] == []


@pytest.mark.parametrize("framework", TRAINED)
def test_the_fused_kernels_are_run(framework: str) -> None:
    items = [item for item in all_cases("torch") if item.spec.kernel == "fused"]
    names = [(MODELS[item.spec.model].hamiltonian, item.spec.switches.integrator, item.spec.switches.algorithm) for item in items]
    assert sorted(names) == sorted(KERNELS)
    rows = list(parity.run_case(make_case(framework, "nonlinear", "rhel", "exact", "classification", "fused")))
    assert [row.level for row in rows if row.passed] == ["outputs", "gradients"]


def test_a_kernels_case_is_larger_than_what_a_kernel_takes_at_a_time() -> None:
    for item in fused("torch"):
        (n, steps, _), lanes = item.x.shape, item.spec.hyper.state * (2 if MODELS[item.spec.model].paired else 1)
        assert steps > 2 * head.STRETCH
        assert steps % launch.CHUNK
        assert item.spec.hyper.batch * steps > 2 * launch.CHUNK
        assert n * lanes > max(launch.BLOCK, launch.ROW)


def test_a_fused_kernel_that_is_not_there_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    items = [item for item in all_cases("torch") if item.spec.kernel == "fused"]
    monkeypatch.setattr(parity, "all_cases", lambda framework: items)
    monkeypatch.setattr(parity, "make_oracle", lambda *_: (_ for _ in ()).throw(UserError("install it.")))
    assert list(parity.run_levels("torch")) == []


def test_a_wrong_gradient_fails_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    item = make_case("torch", "nonlinear", "rhel", "exact", "classification")
    monkeypatch.setattr("rhelbench.verify.cases.all_cases", lambda framework: [item])
    monkeypatch.setattr("rhelbench.verify.parity.all_cases", lambda framework: [item])
    force = hamiltonians.HAMILTONIANS["nonlinear"].force
    monkeypatch.setattr(
        type(hamiltonians.HAMILTONIANS["nonlinear"]), "force", lambda self, theta, phi, f: force(theta, phi, f) * (1 + 1e-6)
    )
    assert main(["verify", "--framework", "torch"]) == 1
    printed = capsys.readouterr().out
    assert "FAIL" in printed
    assert "nonlinear/leapfrog/rhel/exact/classification" in printed


@pytest.mark.parametrize("level", [parity.compare_gradients, parity.compare_training])
def test_a_later_comparison_that_is_nan_does_not_pass(level: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    item, rows = (
        make_case("torch", "memoryless", "bptt", "exact", "classification"),
        iter([(0.0, "loss"), (float("nan"), "loss")]),
    )
    learners = [make_learner(item.spec, item.shape) for _ in range(2)]
    for learner in learners:
        learner.init(item.parameters, dropout_seed=0)
    monkeypatch.setattr(parity, "worst", lambda *_: next(rows))
    assert not parity.Row("training", item.name, *level(item, *learners)).passed
