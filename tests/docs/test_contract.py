"""docs/adding.md and docs/bring-your-own-hamiltonian.md followed word by word, in a copy of the code.

A framework, an integrator, an algorithm and a Hamiltonian whose letters are none of ours are added; what the suite does with its
own entries it does with these: check, verify, train, tables, figures.
"""

import json
import os
import re
import shutil
import sys
from pathlib import Path
from subprocess import CompletedProcess, run

import pytest
import yaml

from rhelbench.studies.single_unit import LONGEST
from tests.tolerances import GRADIENT

ROOT = Path(__file__).resolve().parents[2]
PAGES = [(ROOT / "docs" / name).read_text() for name in ("bring-your-own-hamiltonian.md", "adding.md")]
COPIED = ("rhelbench", "impl_jax", "impl_torch", "kernels", "config", "workflows", "docs", "paper_figures")
PUBLISHED = ("results/reported", "results/published/static", "results/published/benchmarks", "results/published/parity.json")
#: Own matrices of figures, which are drawn from tables alone.
TABLES = ("curves", "lockstep", "limit", "limit_long", "trained")
SETTINGS = {"models": ["linear", "duffing"]}

#: One unit's gradients over 60 steps: largest relative error of RHEL's to BPTT's, by framework; and δ's where it is frozen.
GRADIENTS = """
import json
from importlib import import_module
import numpy as np
from rhelbench import parameters
from rhelbench.config import expand
from rhelbench.registry import FRAMEWORKS

rng, found = np.random.default_rng(0), {}
specs = expand.expand(expand.read("config/contract.yaml"))
for model, step in (("linear", "s"), ("duffing", "h")):
    table = parameters.unit_table(model, hidden=4, state=3, delta_init=0.1)
    raw = {letter: np.asarray(draw(rng, size)) for letter, (size, draw) in table.items()}
    u, bar = rng.standard_normal((2, 60, 2, 4))
    for name, entry in FRAMEWORKS.items():
        if not entry.trains:
            continue
        gradients = import_module(entry.learner).unit_gradients
        own = {s.algorithm: s.switches for s in specs if (s.model, s.framework) == (model, name)}
        rows = {algorithm: gradients(model, switches, raw, u, bar)[1] for algorithm, switches in own.items()}
        worst = max(np.abs(rows["rhel"][k] - v).max() / np.abs(v).max() for k, v in rows["bptt"].items())
        frozen = gradients(model, own["rhel"].model_copy(update={"delta_trained": False}), raw, u, bar)[1]
        found[f"{model} {name}"] = {
            "rhel": float(worst),
            "frozen": float(np.abs(frozen[step]).max()),
            "free": float(np.abs(rows["rhel"][step]).max()),
            "others": float(max(np.abs(frozen[k] - v).max() for k, v in rows["rhel"].items() if k != step)),
            "truncated": float(np.abs(rows["tbptt"]["u"] - rows["bptt"]["u"]).max()),
        }
print(json.dumps(found))
"""
#: Verify the cases of a framework whose names contain any of some texts.
VERIFY = """
import sys
from rhelbench.cli import main

sys.exit(max(main(["verify", "--framework", sys.argv[1], "--case", part]) for part in sys.argv[2:]))
"""
#: Order of Yoshida's step, by halving it: a linear oscillator under constant input against its solution.
ORDER = """
import numpy as np
from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.integrators import INTEGRATORS
from rhelbench.oracle.recurrence import forward

errors = []
for K in (40, 80, 160):
    theta, delta, f = {"A": np.array([1.3])}, np.array([8 / K]), np.full((K, 1, 1), 0.7)
    phi, _ = forward(HAMILTONIANS["linear"], INTEGRATORS["yoshida"], theta, delta, f)
    times = delta * np.arange(1, K + 1)
    errors.append(np.abs(phi[1:, 0, 0] - 0.7 / 1.3 * (1 - np.cos(np.sqrt(1.3) * times))).max())
print(*np.log2(np.array(errors[:-1]) / errors[1:]))
"""


def files(page: str) -> dict[str, str]:
    """Return the content of every file that a page shows under its path."""
    return dict(re.findall(r'`([\w/]+\.py)`[^`]*?:\n\n```python\n(""".*?)```', page, re.DOTALL))


def entries(page: str) -> str:
    """Return the registry's new entries, in the page's order."""
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    return "\n".join(block for block in blocks if re.match(r"[A-Z]+\[", block))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code with everything that the two pages add."""
    folder = tmp_path_factory.mktemp("contract")
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in PUBLISHED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, folder / name)
    for name in TABLES:
        (folder / "results/published" / name).mkdir()
        for table in ("runs.csv", "records.jsonl", "history.csv.gz"):
            shutil.copy(ROOT / "results/published" / name / table, folder / "results/published" / name / table)
    shutil.copy(ROOT / "Snakefile", folder)
    oracle = folder / "rhelbench/studies/single_unit.py"
    oracle.write_text(
        oracle.read_text().replace(f"LONGEST = {LONGEST:_}", "LONGEST = 400")
    )  # the oracle's claims are not tested here
    for page in PAGES:
        for path, content in files(page).items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(content)
        with (folder / "rhelbench/registry.py").open("a") as registry:
            registry.write(f"\n\n{entries(page)}")
    matrices = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGES[1], re.DOTALL)]
    (matrix,) = [matrix for matrix in matrices if matrix.get("name") == "contract"]
    (folder / "config/contract.yaml").write_text(yaml.safe_dump(matrix | SETTINGS))
    return folder


def python(folder: Path, *arguments: str) -> CompletedProcess[str]:
    own = {"PYTHONPATH": str(folder), "WANDB_MODE": "disabled", "OMP_NUM_THREADS": "1", "JAX_PLATFORMS": "cpu"}
    return run(
        [sys.executable, *arguments], cwd=folder, env=os.environ | own, capture_output=True, text=True, timeout=1200, check=False
    )


def test_the_pages_add_what_is_tested_here(site: Path) -> None:
    added = {path for page in PAGES for path in files(page)}
    for root in ("rhelbench/oracle", "impl_jax", "impl_torch"):
        for path in ("integrators/yoshida.py", "algorithms/tbptt.py", "hamiltonians/duffing.py"):
            assert f"{root}/{path}" in added
    assert "impl_thin/learner.py" in added
    names = re.findall(r'^([A-Z]+)\["(\w+)"\]', (site / "rhelbench/registry.py").read_text(), re.MULTILINE)
    assert dict(names) == {
        "HAMILTONIANS": "duffing", "MODELS": "duffing", "INTEGRATORS": "yoshida", "ALGORITHMS": "tbptt", "FRAMEWORKS": "thin",
    }  # fmt: skip


def test_check_counts_the_runs(site: Path) -> None:
    done = python(site, "-m", "rhelbench", "check", "--config", "config/contract.yaml")
    assert done.stdout == "config/contract.yaml: 18 runs\n", done.stderr


def test_the_integrator_has_its_order(site: Path) -> None:
    done = python(site, "-c", ORDER)
    assert [float(word) for word in done.stdout.split()] == pytest.approx([4, 4], abs=0.1), done.stderr


def test_gradients_are_those_of_what_is_configured(site: Path) -> None:
    done = python(site, "-c", GRADIENTS)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found) == 6
    for name, row in found.items():
        assert row["rhel"] < (GRADIENT if name.startswith("linear") else 1e-6), (name, row)
        assert row["frozen"] == 0, (name, row)
        assert row["free"] > 0, (name, row)
        assert row["others"] < 1e-12, (name, row)
        assert row["truncated"] > 1e-3, (name, row)
    for model in ("linear", "duffing"):
        sizes = [found[f"{model} {name}"]["truncated"] for name in ("jax", "torch", "thin")]
        assert max(sizes) - min(sizes) < GRADIENT * max(sizes)


def test_another_integrator_is_never_served_by_a_kernel(site: Path) -> None:
    kernel = ["-m", "rhelbench", "check", "--config", "config/fused.yaml"]
    matrix = yaml.safe_load((site / "config/contract.yaml").read_text())
    matrix["overrides"] |= {"kernel": "fused"}
    (site / "config/fused.yaml").write_text(yaml.safe_dump(matrix | {"models": ["linear"]}))
    done = python(site, *kernel)
    assert done.returncode == 2
    assert "There is no fused kernel for linear, yoshida, bptt: set kernel: portable" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("framework", "parts"),
    [("thin", [""]), ("torch", ["yoshida", "tbptt"]), ("jax", ["duffing/yoshida", "duffing/leapfrog/tbptt"])],
    ids=["thin", "torch", "jax"],
)
def test_verify_compares_them_with_the_oracle(site: Path, framework: str, parts: list[str]) -> None:
    done = python(site, "-c", VERIFY, framework, *parts)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL" not in done.stdout


@pytest.mark.timeout(1500)
def test_they_are_trained_and_stand_in_tables_and_figures(site: Path) -> None:
    done = python(site, "-m", "snakemake", "--cores", "2", "--quiet", "all", "--configfile", "config/contract.yaml")
    assert done.returncode == 0, done.stderr[-3000:]
    records = [json.loads(path.read_text()) for path in (site / "results/runs").glob("*/record.json")]
    assert len(records) == 18
    for record in records:
        assert record["result"]["status"] == "done"
        assert record["provenance"]["kernel"] == "portable"
        assert record["provenance"]["device"] == "cpu"
    summary = (site / "results/tables/contract/summary.txt").read_text()
    for label in ("Thin copy", "Duffing", "truncated BPTT"):
        assert label in summary
    for name in ("learning_curves", "forest", "final_metric"):
        assert (site / f"results/figures/contract/{name}.svg").stat().st_size > 0
    assert "Thin copy" in (site / "results/index.html").read_text(encoding="utf-8")
