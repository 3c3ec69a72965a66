"""Wrong input gives one sentence and a non-zero exit before any job starts."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from rhelbench.config import expand, overrides
from rhelbench.config.matrix import refuse_repetition
from rhelbench.errors import UserError
from rhelbench.registry import ALGORITHMS, DEVIATIONS
from rhelbench.tasks.card import Card

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
MISSPELT = {
    "stepz: 240": ("steps: 240", "config/hyperparameters.yaml, BasicMotions, both: 'stepz' (did you mean 'steps'?)"),
    "nonliner:": ("nonlinear:", "config/hyperparameters.yaml, SelfRegulationSCP1: 'nonliner' (did you mean 'nonlinear'?)"),
    "patienz: 10": ("patience: 10", "config/hyperparameters.yaml, common: 'patienz' (did you mean 'patience'?)"),
    "steps: 1, steps: 2": (
        "steps: 240",
        "config/hyperparameters.yaml, line 29: 'steps' is given a second time (first in line 29); keep one of them.",
    ),
    "- 3": ("dropout: 0.05", "config/hyperparameters.yaml is not YAML"),
}


@pytest.mark.parametrize(("change", "sentence"), WRONG.values(), ids=WRONG)
def test_wrong_configurations_are_refused(change: dict, sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        expand.expand(expand.parse(SMOKE | change, "here"))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("written", "right", "sentence"), [(key, *rest) for key, rest in MISSPELT.items()], ids=MISSPELT)
def test_a_misspelt_hyperparameter_is_refused(
    written: str, right: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree("config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    file = Path("config/hyperparameters.yaml")
    file.write_text(file.read_text().replace(right, written))
    with pytest.raises(UserError) as caught:
        expand.expand(expand.read("config/smoke.yaml"))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_command_line_prints_the_sentence_and_exits_with_2(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(yaml.safe_dump(SMOKE | {"models": ["liner"]}))
    done = subprocess.run(
        [sys.executable, "-m", "rhelbench", "check", "--config", str(file)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "did you mean 'linear'?" in done.stderr


def test_snakemake_stops_before_any_job(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "snakemake",
            "--dry-run",
            "--nolock",
            "--configfile",
            "config/smoke.yaml",
            "--config",
            "models=liner",
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode != 0
    assert "rhelbench: Unknown model 'liner' (did you mean 'linear'?)" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("tables --config seeds=1 tasks=Heartbeat seeds=2", "--config gives 'seeds' twice"),
        ("tables --config seeds=1 -n --config tasks=Heartbeat", "--config is given twice"),
        ("tables --configfile a.yaml -n --configfile b.yaml", "--configfile is given twice"),
        ("tables -C seeds=1 --config=tasks=Heartbeat", "--config is given twice"),
    ],
)
def test_a_setting_that_is_given_twice_is_refused(line: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        refuse_repetition(line.split())


@pytest.mark.parametrize("line", ["", "--config", "-n seeds=1 --config seeds=1 tasks='[seeds=1]' --cores 1 seeds=2"])
def test_a_setting_that_is_given_once_is_taken(line: str) -> None:
    assert refuse_repetition(line.split()) is None


def test_a_configuration_that_repeats_a_key_is_refused_by_snakemake(tmp_path: Path) -> None:
    file = tmp_path / "twice.yaml"
    file.write_text(Path("config/smoke.yaml").read_text() + "seeds: [1]\n")
    words = [sys.executable, "-m", "snakemake", "--dry-run", "--nolock", "tables", "--configfile", str(file)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert f"rhelbench: {file}, line {len(file.read_text().splitlines())}: 'seeds' is given a second time" in done.stderr


def test_a_card_says_what_a_task_may_be_called() -> None:
    content = yaml.safe_load(Path("config/tasks/BasicMotions.yaml").read_text())
    for name in ("JapaneseVowels_eq", "X.v2", "NA", "2018", "None", "order-500"):
        assert Card.model_validate(content | {"name": name}).name == name
    for name in ("a b", ".x", "-x", "a/b", "ä", "a+b", ""):
        with pytest.raises(ValidationError, match="is no name for a task: use letters, digits"):
            Card.model_validate(content | {"name": name})


def test_smoke_is_two_algorithms_and_three_seeds() -> None:
    specs = expand.expand(expand.read("config/smoke.yaml"))
    assert len({spec.run_id for spec in specs}) == len(specs)
    assert {(spec.task, spec.algorithm) for spec in specs} == {("BasicMotions", "bptt"), ("BasicMotions", "rhel")}
    assert {spec.seed for spec in specs} == {2345, 3456, 4567}


def test_the_paper_is_280_runs() -> None:
    specs = expand.expand(expand.read("config/paper.yaml"))
    assert len(specs) == 7 * 2 * 2 * 2 * 5


def test_settings_go_from_common_to_the_task_to_the_model() -> None:
    matrix = expand.parse(SMOKE | {"tasks": ["SelfRegulationSCP1"], "models": ["linear-complex", "nonlinear"]}, "here")
    hidden = {spec.model: spec.hyper.hidden for spec in expand.expand(matrix)}
    assert hidden == {"linear-complex": 64, "nonlinear": 128}


@pytest.mark.parametrize("protocol", ["released", "exact"])
def test_a_protocol_says_what_rhel_is(protocol: str) -> None:
    matrix = expand.parse(SMOKE | {"protocol": protocol, "models": ["linear", "nonlinear"]}, "here")
    rules = {(s.model, s.algorithm): (s.switches.algorithm, s.switches.integrator) for s in expand.expand(matrix)}
    released = protocol == "released"
    assert rules["linear", "rhel"] == ("rhel_released" if released else "rhel", "leapfrog")
    assert rules["nonlinear", "rhel"] == (
        "rhel_released" if released else "rhel",
        "leapfrog_released" if released else "leapfrog",
    )
    assert rules["nonlinear", "bptt"][0] == "bptt"


def test_delta_starts_smaller_on_longer_sequences() -> None:
    tasks = ["Heartbeat", "SelfRegulationSCP2", "EigenWorms"]
    matrix = expand.parse(SMOKE | {"tasks": tasks, "models": ["nonlinear"]}, "here")
    assert {spec.task: spec.switches.delta_init for spec in expand.expand(matrix)} == {
        "Heartbeat": 0.1,
        "SelfRegulationSCP2": 0.03,
        "EigenWorms": 0.01,
    }


def test_one_changed_setting_is_another_run() -> None:
    first = expand.expand(expand.parse(SMOKE, "here"))[0]
    second = expand.expand(expand.parse(SMOKE | {"overrides": {"lr": 1e-3}}, "here"))[0]
    assert first.run_id != second.run_id
    assert first.run_id.rpartition("-")[0] == second.run_id.rpartition("-")[0]


@pytest.mark.parametrize("protocol", ["released", "exact"])
def test_each_row_of_the_deviations_turns_its_own_switch_alone(protocol: str) -> None:
    rows = {"protocol": protocol, "algorithms": ["rhel"], "frameworks": ["jax"], "seeds": [1], "tasks": ["Heartbeat"]}
    for model in ("linear-complex", "nonlinear"):
        for row, entry in DEVIATIONS.items():
            (spec,) = expand.expand(expand.parse(SMOKE | rows | {"models": [model], "deviations": [row]}, "here"))
            turned = {part.partition("=")[0] for part in overrides.overridden_settings(spec).split(",") if part}
            assert turned == (set() if entry.of_released_step and model != "nonlinear" else set(entry.switches)), (model, row)


def test_what_a_configuration_sets_is_named() -> None:
    own = {
        "lr": 1e-3,
        "steps": 80,
        "chunk_steps": 20,
        "eval_every": 40,
        "nudge": {"mode": "absolute", "size": 0.1},
        "kernel": "portable",
    }
    names = {overrides.overridden_settings(spec) for spec in expand.expand(expand.parse(SMOKE | {"overrides": own}, "here"))}
    assert names == {"lr=0.001,nudge=absolute 0.1,steps=80"}
    for file in ("paper", "smoke"):
        assert {overrides.overridden_settings(spec) for spec in expand.expand(expand.read(f"config/{file}.yaml"))} == {""}


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
