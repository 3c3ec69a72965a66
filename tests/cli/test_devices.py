"""A GPU that is asked for is found or missed in one sentence, before anything is written; a run says what computed it."""

import json
import os
import re
import subprocess
import sys

import pytest

from rhelbench import cli
from rhelbench.config import expand
from rhelbench.tasks.prepare import prepare
from rhelbench.verify.cases import make_case

FRAMEWORKS = ("jax", "torch")
SENTENCE = r"{} finds no GPU on .+, but one is asked for: .+ or ask for --device cpu \(in a configuration: device: cpu\)\."
LABELS = {"jax": "JAX", "torch": "PyTorch"}
#: Python in which some packages are not installed.
WITHOUT = """\
import sys
from importlib.machinery import PathFinder

hidden, find = sys.argv[1].split(","), PathFinder.find_spec
PathFinder.find_spec = lambda name, path=None, target=None: None if name in hidden else find(name, path, target)

from rhelbench.cli import main, verify

verify._parity = lambda framework, *_: (print(framework, "is tested"), (True, {}))[1]
sys.exit(main(sys.argv[2:]))
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    prepare("BasicMotions", folder)
    return folder


@pytest.fixture
def no_gpu(monkeypatch):
    """No framework finds a GPU, in this process and in others; what a command sets in the environment is taken back."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)


def cell(framework, **changes):
    """Two seeds of a small cell."""
    small = {"steps": 4, "eval_every": 2, "chunk_steps": 2, "hidden": 8, "state": 4, "blocks": 1}
    matrix = {
        "name": "small", "protocol": "exact", "tasks": "BasicMotions", "models": "linear", "algorithms": "rhel",
        "frameworks": framework, "seeds": [1, 2], "overrides": small | changes,
    }  # fmt: skip
    return expand.expand(expand.parse(matrix, "test"))


def training(specs, data, folder, *more):
    """Return the words of a command that trains below a folder."""
    given = [word for spec in specs for word in ("--spec", spec.canonical_json())]
    where = ["--data", str(data), "--results", str(folder / "runs"), "--scratch", str(folder / "scratch")]
    return ["train", *given, *where, *more]


def called(words, platforms=None):
    """Run a command in a process of its own, which finds no GPU."""
    environment = {name: value for name, value in os.environ.items() if name != "JAX_PLATFORMS"} | {"CUDA_VISIBLE_DEVICES": ""}
    if platforms:
        environment["JAX_PLATFORMS"] = platforms
    return subprocess.run(
        [sys.executable, "-m", "rhelbench", *words], env=environment, capture_output=True, text=True, timeout=200, check=False
    )


@pytest.mark.parametrize(("framework", "platforms"), [("jax", None), ("jax", "cuda"), ("torch", None)])
def test_verify_refuses_a_gpu_that_is_not_there(framework, platforms, tmp_path):
    done = called(["verify", "--framework", framework, "--device", "cuda", "--out", str(tmp_path / "out.json")], platforms)
    assert done.returncode == 2
    assert done.stdout == ""
    assert re.fullmatch(f"rhelbench: {SENTENCE.format(LABELS[framework])}\n", done.stderr)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_train_refuses_a_gpu_that_is_not_there(framework, data, tmp_path):
    done = called(training(cell(framework)[:1], data, tmp_path, "--device", "cuda"))
    assert done.returncode == 2
    assert re.fullmatch(f"rhelbench: {SENTENCE.format(LABELS[framework])}\n", done.stderr)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("framework", "packing"), [("torch", "processes"), ("torch", "sequential"), ("jax", "sequential"), ("jax", "vectorised")]
)
def test_so_do_several_runs_in_one_job(framework, packing, data, tmp_path, no_gpu, capfd):
    status = cli.main(training(cell(framework), data, tmp_path, "--device", "cuda", "--packing", packing))
    assert status > 0
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 2
    for line in said:
        assert re.fullmatch(f".+: {SENTENCE.format(LABELS[framework])}", line)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_run_says_what_computed_it(framework, data, tmp_path, no_gpu, capfd):
    """``kernel: auto`` is a fused kernel where there is one, else the portable path. Once a run has ended, it needs no GPU."""
    kernels = {cell(framework)[0]: "fused", cell(framework, algorithm="rtrl")[0]: "portable"}
    assert cli.main(training(kernels, data, tmp_path, "--device", "cpu", "--packing", "sequential")) == 0
    for spec, kernel in kernels.items():
        record = json.loads((tmp_path / "runs" / spec.run_id / "record.json").read_text())
        assert spec.kernel == "auto"
        assert record["result"]["status"] == "done"
        assert [record["provenance"][name] for name in ("device", "kernel")] == ["cpu", kernel]
    assert cli.main(training(kernels, data, tmp_path, "--device", "cuda", "--packing", "sequential")) == 0
    assert capfd.readouterr().err.count("has its record (done); nothing to do.") == 2


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_verify_runs_on_the_cpu_it_is_told_to_take(framework, tmp_path, no_gpu, monkeypatch, capsys):
    item = make_case(framework, "memoryless", "bptt", "exact", "classification")
    monkeypatch.setattr("rhelbench.verify.cases.all_cases", lambda framework: [item])
    monkeypatch.setattr("rhelbench.verify.parity.all_cases", lambda framework: [item])
    assert cli.main(["verify", "--framework", framework, "--device", "cpu", "--out", str(tmp_path / "out.json")]) == 0
    assert capsys.readouterr().out.startswith(f"{framework} on cpu, ")
    assert json.loads((tmp_path / "out.json").read_text())[framework]["provenance"]["device"] == "cpu"


@pytest.mark.parametrize(
    ("hidden", "words", "status", "out", "error"),
    [
        ("jax", [], 0, r"jax is not installed and not verified: `pip install .+\n" "torch is tested\n", ""),
        ("jax", ["--framework", "jax"], 2, "", r"rhelbench: jax is not installed: .+\n"),
        ("jax,torch", [], 2, "", r"rhelbench: None of jax, torch is installed: .+\n"),
    ],
)
def test_verify_says_what_is_not_installed(hidden, words, status, out, error):
    command = [sys.executable, "-c", WITHOUT, hidden, "verify", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == status, done.stderr
    assert re.fullmatch(out, done.stdout)
    assert re.fullmatch(error, done.stderr)
