"""A configuration becomes runs; a wrong one is one sentence before any job starts."""

from pathlib import Path

import pytest
import yaml

from rhelbench.config import expand
from rhelbench.errors import UserError
from rhelbench.registry import ALGORITHMS

SMOKE = yaml.safe_load(Path("config/smoke.yaml").read_text())
WRONG = {
    "a misspelt key": ({"protocl": "exact"}, "Unknown key in here: 'protocl' (did you mean 'protocol'?)"),
    "no seed": ({"seeds": []}, "'seeds' is wrong"),
    "a task nobody has": ({"tasks": ["Hartbeat"]}, "Unknown task 'Hartbeat'"),
    "an unknown model": ({"models": ["liner"]}, "Unknown model 'liner' (did you mean 'linear'?)"),
    "an unknown algorithm": (
        {"algorithms": ["bppt"]},
        "Unknown algorithm 'bppt' (did you mean 'bptt'?): use one of bptt, rhel, ",
    ),
    "an unknown framework": ({"frameworks": ["tensorflow"]}, "Unknown framework 'tensorflow': use one of jax, torch."),
    "an unknown protocol": ({"protocol": "exakt"}, "Unknown protocol 'exakt' (did you mean 'exact'?)"),
    "a misspelt override": ({"overrides": {"stepss": 1}}, "Unknown key in overrides: 'stepss' (did you mean 'steps'?)"),
    "a misspelt key of the grid": ({"grid": {"stepss": [1]}}, "Unknown key in grid: 'stepss' (did you mean 'steps'?)"),
    "an override of the wrong kind": ({"overrides": {"lr": "fast"}}, "setting 'hyper.lr' is wrong"),
    "a batch larger than the training part": ({"overrides": {"batch": 57}}, "batch 57 is larger than the training part of 56"),
    "a row that no switch turns": ({"deviations": [5]}, "Unknown row of docs/deviations.md '5'"),
    "evaluation between two chunks": ({"overrides": {"eval_every": 7}}, "not a multiple of chunk_steps"),
    "a kernel for nobody": (
        {"overrides": {"kernel": {"jx": "fused"}}},
        "Unknown framework in kernel: 'jx' (did you mean 'jax'?)",
    ),
    "an unknown kernel": ({"overrides": {"kernel": {"jax": "fast"}}}, "Unknown kernel 'fast': use one of auto, portable, fused."),
    "a kernel that is no name": ({"grid": {"kernel": [3]}}, "kernel '3' is neither a name nor names by framework"),
    "a name that leads elsewhere": ({"name": "../../escaped"}, "'name' is wrong (it names folders"),
    "a name that is hidden": ({"name": ".here"}, "without a '.' in front"),
    "a name of two words": ({"name": "a b"}, "'name' is wrong"),
    "a version to come": ({"benchmark": "0.9"}, "'benchmark' is wrong ('0.9' is none of the versions up to"),
    "no value in the grid": ({"grid": {"lr": []}}, "'grid.lr' is wrong"),
    "seeds that are no list": ({"seeds": "2345,3456"}, "several are written seeds='[2345,3456]'"),
    "two names of one algorithm": (
        {"algorithms": ["bptt", "rhel"], "overrides": {"algorithm": "rtrl"}},
        "here: with 'algorithm' in overrides or grid all of algorithms would train the same; list one",
    ),
    "no fused kernel": (
        {"algorithms": ["rhel"], "models": ["nonlinear"], "overrides": {"algorithm": "rtrl", "kernel": "fused"}},
        "There is no fused kernel for nonlinear, leapfrog, rtrl: set kernel: portable, or auto, for this run.",
    ),
    "a list that is empty on the command line": ({"models": None}, "'models' is wrong (it is empty: give one or several"),
    "a name that YAML reads as a number": ({"tasks": [2018]}, "(2018 is no text: put a name that looks like it in quotes"),
    "a name that Snakemake reads as a number": ({"tasks": float("inf")}, "on the command line tasks='[NAME]')"),
    "a name that YAML reads as false": ({"models": False}, "'models' is wrong (False is no text"),
    "a protocol that leads elsewhere": ({"protocol": "../exact"}, "'protocol' is wrong (it names folders"),
    "a device that is no name": ({"device": "gpu"}, "'device' is wrong"),
    "a misspelt key of a variant": (
        {"variants": [{"perturb": 1}]},
        "Unknown key in here, variants: 'perturb' (did you mean 'perturbation'?)",
    ),
}


@pytest.mark.parametrize(("change", "sentence"), WRONG.values(), ids=WRONG)
def test_wrong_configurations_are_refused(change: dict, sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        expand.expand(expand.parse(SMOKE | change, "here"))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_smoke_is_two_algorithms_and_three_seeds() -> None:
    specs = expand.expand(expand.read("config/smoke.yaml"))
    assert len({spec.run_id for spec in specs}) == len(specs)
    assert {(spec.task, spec.algorithm) for spec in specs} == {("BasicMotions", "bptt"), ("BasicMotions", "rhel")}
    assert {spec.seed for spec in specs} == {2345, 3456, 4567}


def test_the_paper_is_280_runs() -> None:
    specs = expand.expand(expand.read("config/paper.yaml"))
    assert len(specs) == 7 * 2 * 2 * 2 * 5


def test_one_changed_setting_is_another_run() -> None:
    first = expand.expand(expand.parse(SMOKE, "here"))[0]
    second = expand.expand(expand.parse(SMOKE | {"overrides": {"lr": 1e-3}}, "here"))[0]
    assert first.run_id != second.run_id
    assert first.run_id.rpartition("-")[0] == second.run_id.rpartition("-")[0]


def test_a_configuration_names_the_version_whose_runs_it_means() -> None:
    specs = expand.expand(expand.parse(SMOKE | {"benchmark": "0.1"}, "here"))
    assert {spec.benchmark for spec in specs} == {"0.1"}


def test_a_grid_runs_every_combination_of_its_values():
    grid = {"grid": {"lr": [1e-3, 1e-4], "blocks": [1, 2]}, "overrides": {"lr": 0.5, "state": 4}}
    specs = expand.expand(expand.parse(SMOKE | grid, "here"))
    one = expand.expand(expand.parse(SMOKE, "here"))
    assert len(specs) == 4 * len(one)
    assert {(spec.hyper.lr, spec.hyper.blocks, spec.hyper.state) for spec in specs} == {
        (lr, blocks, 4) for lr in (1e-3, 1e-4) for blocks in (1, 2)
    }


def test_a_grid_of_nudges_trains_once_what_has_no_nudge():
    sizes = [{"mode": "relative", "size": size} for size in (1e-4, 1e-6)]
    specs = expand.expand(expand.parse(SMOKE | {"grid": {"nudge": sizes}}, "here"))
    one = expand.expand(expand.parse(SMOKE, "here"))
    rhel = sum(ALGORITHMS[spec.switches.algorithm].needs_nudge for spec in one)
    assert 0 < rhel < len(one)
    assert len(specs) == len(one) + rhel
    assert {spec.run_id for spec in one} <= {spec.run_id for spec in specs}


@pytest.mark.parametrize(("algorithm", "runs"), [("rhel_separate", 2), ("rtrl", 1)])
def test_a_grid_of_nudges_follows_the_algorithm_that_is_set(algorithm, runs):
    sizes = [{"mode": "relative", "size": size} for size in (1e-4, 1e-6)]
    one = {"tasks": ["BasicMotions"], "models": ["linear"], "algorithms": ["bptt"], "frameworks": ["jax"], "seeds": [1]}
    given = one | {"overrides": {"algorithm": algorithm}, "grid": {"nudge": sizes}}
    assert len(expand.expand(expand.parse(SMOKE | given, "here"))) == runs
    named = one | {"algorithms": ["rhel"]}
    assert len(expand.expand(expand.parse(SMOKE | given | named, "here"))) == runs
