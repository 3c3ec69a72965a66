"""docs/bring-your-own-hamiltonian.md followed word by word, in a copy of the code: a third unit, trained by RHEL."""

import json
import os
import re
import shutil
import sys
from pathlib import Path
from subprocess import run

import pytest

from rhelbench.tasks.prepare import prepare
from tests.tolerances import ECHO

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = re.findall(r"```(python|yaml|sh)\n(.*?)```", (ROOT / "docs/bring-your-own-hamiltonian.md").read_text(), re.DOTALL)
IN_JAX, IN_TORCH, ENTRIES, CHECK, CLOSED_FORMS, IN_ORACLE = [text for kind, text in BLOCKS if kind == "python"]
(CONFIG,) = [text for kind, text in BLOCKS if kind == "yaml"]
PACKAGES = ("rhelbench", "impl_jax", "impl_torch", "kernels", "config")

#: Worst relative L2 error of float32 gradients to float64 BPTT, over every parameter of one block, by algorithm, in PyTorch.
SINGLE = """
import numpy as np
from rhelbench.config import expand
from rhelbench.contract import TaskShape
from rhelbench.parameters import initial_parameters
from rhelbench.training.setup import make_learner

shape, rng = TaskShape(3, 100, 4, "classification"), np.random.default_rng(0)
x, y, found = rng.standard_normal((8, 100, 3)), rng.integers(0, 4, 8), {}
for spec in [spec for spec in expand.expand(expand.read("config/duffing.yaml")) if spec.framework == "torch"]:
    for dtype in ("float64", "float32"):
        hyper = spec.hyper.model_copy(update={"blocks": 1, "dropout": 0.0})
        one = spec.model_copy(update={"hyper": hyper, "dtype": dtype})
        made = make_learner(one, shape)
        arrays = {path: value.astype(dtype) for path, value in initial_parameters(spec, shape).items() if "blocks.1" not in path}
        made.init(arrays, 0)
        found[spec.algorithm, dtype] = made.gradients(made.put(x), made.put(y))[1]
exact = found["bptt", "float64"]
for name in ("bptt", "rhel"):
    rows = found[name, "float32"]
    print(name, max(np.linalg.norm(rows[path] - exact[path]) / np.linalg.norm(exact[path]) for path in exact))
"""


#: The page's run of RHEL in one framework, as the workflow starts it.
TRAIN = """
import sys
from rhelbench.config import expand
from rhelbench.cli import main
specs = expand.expand(expand.read("config/duffing.yaml"))
(spec,) = [spec for spec in specs if (spec.algorithm, spec.framework) == ("rhel", sys.argv[1])]
sys.exit(main(["train", "--spec", spec.canonical_json()]))
"""


def python(folder: Path, *arguments: str) -> str:
    """Run Python in the copy and return what it prints."""
    environment = os.environ | {"PYTHONPATH": str(folder), "WANDB_MODE": "disabled", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, *arguments]
    done = run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def errors(printed: str) -> dict[tuple[str, ...], float]:
    """Read lines of words that end in a number."""
    return {tuple(words[:-1]): float(words[-1]) for words in map(str.split, printed.splitlines())}


def both(site: Path) -> tuple[dict[tuple[str, ...], float], dict[tuple[str, ...], float]]:
    """Return what the page's script prints, by framework and letter, and the errors in float32, by algorithm; of one process."""
    found = errors(python(site, "-c", f'import runpy\n\nrunpy.run_path("check_duffing.py")\n{SINGLE}'))
    return tuple({name: error for name, error in found.items() if len(name) == words} for words in (2, 1))


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code to which the page's files, names and configuration have been added."""
    folder = tmp_path_factory.mktemp("site")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for framework, code in (("impl_jax", IN_JAX), ("impl_torch", IN_TORCH)):
        (folder / framework / "hamiltonians/duffing.py").write_text(code)
    append(folder / "rhelbench/registry.py", ENTRIES)
    (folder / "config/duffing.yaml").write_text(CONFIG)
    (folder / "check_duffing.py").write_text(CHECK)
    return folder


@pytest.mark.parametrize("framework", ["jax", "torch"])
def test_the_unit_is_trained_by_rhel(site: Path, framework: str) -> None:
    prepare("BasicMotions", site / "data")
    python(site, "-c", TRAIN, framework)
    (folder,) = (site / "results/runs").glob(f"BasicMotions-duffing-rhel-{framework}-*")
    result = json.loads((folder / "record.json").read_text())["result"]
    rows = [line.split(",") for line in (folder / "history.csv").read_text().splitlines()]
    losses = [float(row[rows[0].index("loss")]) for row in rows[1:]]
    assert (result["status"], result["flags"], result["spec"]["switches"]["algorithm"]) == ("done", [], "rhel")
    assert losses[-1] < 0.7 * losses[0]
    assert result["value"] > 0.5  # four classes, equally frequent


def test_every_gradient_is_bptts_with_and_without_closed_forms(site: Path) -> None:
    names = {(framework, letter) for framework in ("jax", "torch") for letter in ("k", "q", "h", "B", "C", "D", "u")}
    without, single = both(site)
    assert set(without) == names
    assert {name: error for name, error in without.items() if not error <= ECHO["nonlinear"]} == {}
    for framework in ("impl_jax", "impl_torch"):
        file = site / framework / "hamiltonians/duffing.py"
        says_so = re.sub(r"(closed_forms(: bool)? =) False", r"\1 True", file.read_text())
        assert says_so != file.read_text()
        body, _, end = says_so.partition("\n\nHAMILTONIAN")
        file.write_text(f"{body}\n{CLOSED_FORMS}\n\nHAMILTONIAN{end}")
    entries = site / "rhelbench/registry.py"
    entries.write_text(entries.read_text().replace("closed_forms=False", "closed_forms=True"))
    given, now = both(site)
    assert set(given) == names
    assert {name: error for name, error in given.items() if not error <= ECHO["nonlinear"]} == {}
    assert now["rhel",] < 10 * now["bptt",]  # rounding alone, which depends on the number of threads
    assert single["rhel",] > 100 * now["rhel",]  # two echoes subtracted: two digits and more are lost


def test_the_oracle_judges_it(site: Path) -> None:
    (site / "rhelbench/oracle/hamiltonians/duffing.py").write_text(IN_ORACLE)
    printed = python(site, "-m", "rhelbench", "verify", "--framework", "torch", "--case", "duffing/leapfrog/rhel/")
    assert "echo nonlinear" in printed
    assert "FAIL" not in printed
