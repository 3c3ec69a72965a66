"""`snakemake --profile slurm` on a real Slurm: whatever happens on the way, the tables are those of an undisturbed local run.

The suite runs the matrix once, with a job cancelled on the way. RHELBENCH_SLURM=FOLDER gives every disturbance a run of its own
in that folder, which is kept (evidence.py makes a table of it); called again, it goes on with what is there. torch is verified on
the node before it trains; JAX, whose verification compiles for minutes, only in smoke.py. The node's GPUs are made up, so that
jobs train on its CPUs; where a GPU is asked for, nothing trains.
"""

import os
import re
import signal
import sys
import time
from pathlib import Path

import pytest
import yaml

from rhelbench.files import write_atomically
from tests.slurm.checkout import Checkout, records, results
from tests.slurm.smoke import gate

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(7200)]
LONG = os.environ.get("RHELBENCH_SLURM")
#: Seconds that anything may take; a machine with other work needs many.
PATIENCE = 3600 if LONG else 1500
TARGETS = ("train", "tables")
MATRIX = {
    "name": "small", "protocol": "exact", "tasks": ["BasicMotions"], "models": ["linear"], "algorithms": ["bptt", "rhel"],
    "frameworks": ["jax", "torch"], "seeds": [2345], "device": "cpu",
    "overrides": {"steps": 100, "eval_every": 10, "chunk_steps": 10, "patience": 1000, "blocks": 1, "hidden": 16, "state": 8},
}  # fmt: skip
#: Python for torch jobs whose force is wrong by a part in a thousand, as the first case of verification shows.
WRONG = """\
import sys
from impl_torch.hamiltonians.linear import Linear
from rhelbench.cli import main
from rhelbench.verify import parity

force, every = Linear.force, parity.all_cases
Linear.force = lambda *given: 1.001 * force(*given)
parity.all_cases = lambda framework: every(framework)[:1]
sys.exit(main(sys.argv[3:]))
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = Path(LONG).resolve() if LONG else tmp_path_factory.mktemp("clones")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "small.yaml").write_text(yaml.safe_dump(MATRIX))
    return folder


@pytest.fixture(scope="module")
def undisturbed(base, cluster):
    """The same matrix on this machine, without Slurm."""
    here = Checkout(base / "undisturbed", base / "small.yaml")
    here.finish(here.start(*TARGETS, slurm=False), PATIENCE)
    return here


def prepared(base, name, undisturbed):
    """A clone with its data, and a stand-in for the proof that JAX computes right."""
    clone = Checkout(base / name, base / "small.yaml")
    if clone.new:
        clone.take(undisturbed, "data")
        write_atomically(clone.folder / "results/verify/jax.json", "{}\n")
    return clone


def test_nothing_trains_where_verification_fails(base, cluster, undisturbed):
    clone, others = prepared(base, "broken", undisturbed), set(cluster.jobs())
    python = clone.folder / ".venv-torch/bin/python"
    write_atomically(clone.folder / "wrong.py", WRONG)
    write_atomically(python, f'#!/bin/sh\nexec {sys.executable} {clone.folder}/wrong.py "$@"\n')
    python.chmod(0o755)
    process = clone.start("train", "--retries", "0", "--config", "frameworks=torch")
    assert process.wait(PATIENCE) == 1
    assert [comment for job, comment in cluster.jobs().items() if job not in others] == ["rule_verify_framework_wildcards_torch"]
    assert "FAIL" in (clone.folder / "logs/verify/torch.log").read_text()
    assert not (clone.folder / "results/verify/torch.json").exists()
    assert not records(clone.folder)


@pytest.mark.parametrize("proven", [False, True])
def test_nothing_trains_where_the_gpu_that_is_asked_for_is_not_there(base, cluster, undisturbed, proven):
    clone, others = prepared(base, f"refused_{proven}", undisturbed), set(cluster.jobs())
    if not proven:
        (clone.folder / "results/verify/jax.json").unlink()
    process = clone.start("train", "--retries", "0", "--config", "frameworks=jax", "device=auto")
    assert process.wait(PATIENCE) == 1
    comments = [comment for job, comment in cluster.jobs().items() if job not in others]
    logs = list((clone.folder / "logs" / ("train" if proven else "verify")).glob("*.log"))
    assert len(logs) == len(comments) == (2 if proven else 1)
    assert all(comment.startswith("rule_train" if proven else "rule_verify") for comment in comments)
    for log in logs:
        assert re.fullmatch(r"rhelbench: JAX finds no GPU on .*\(in a configuration: device: cpu\)\.\n", log.read_text())
    assert (clone.folder / "results/verify/jax.json").exists() is proven
    assert not any((clone.folder / name).exists() for name in ("results/runs", "scratch"))


def cancelled(cluster, clone):
    process, number = clone.start(*TARGETS), clone.hold(PATIENCE)
    for job in cluster.jobs("running"):
        cluster.run("scancel", job)
    del number  # Slurm lets a stopped process go on before it asks it to end
    return process


def timed_out(cluster, clone):
    process, number = clone.start(*TARGETS), clone.hold(PATIENCE)
    for job in cluster.jobs("running"):
        cluster.run("scontrol", "update", f"jobid={job}", "timelimit=1")
    until = time.monotonic() + PATIENCE
    while not cluster.jobs("timeout"):
        assert time.monotonic() < until
        time.sleep(1)
    del number
    return process


def drained(cluster, clone):
    process, number = clone.start(*TARGETS), clone.hold(PATIENCE)
    cluster.node(state="drain", reason="test")
    os.kill(number, signal.SIGCONT)
    until = time.monotonic() + PATIENCE
    while cluster.jobs("running,completing"):
        assert time.monotonic() < until
        time.sleep(1)
    assert cluster.jobs("pending")
    cluster.node(state="resume")
    return process


def controller_restarted(cluster, clone):
    process, number = clone.start(*TARGETS), clone.hold(PATIENCE)
    cluster.stop_controller()
    os.kill(number, signal.SIGCONT)
    time.sleep(15)
    cluster.start_controller()
    return process


def snakemake_killed(cluster, clone):
    process, number = clone.start(*TARGETS), clone.hold(PATIENCE)
    process.kill()
    process.wait()
    os.kill(number, signal.SIGCONT)
    assert cluster.jobs("running")
    unlock = clone.start("--unlock", slurm=False)
    clone.finish(unlock, PATIENCE)
    return clone.start(*TARGETS)


def requeued(cluster, clone):
    """As after a preemption: Slurm itself starts the job again, in its old place; Snakemake sees it wait."""
    process, number = clone.start(*TARGETS), clone.hold(PATIENCE)
    for job in cluster.jobs("running"):
        cluster.run("scontrol", "requeue", job)
    del number
    return process


DISTURBANCES = [cancelled, timed_out, drained, controller_restarted, snakemake_killed, requeued]


@pytest.mark.parametrize("disturb", DISTURBANCES if LONG else DISTURBANCES[:1], ids=lambda disturb: disturb.__name__)
def test_the_tables_of_a_disturbed_run_are_those_of_an_undisturbed_one(base, cluster, undisturbed, disturb):
    clone, others = prepared(base, disturb.__name__, undisturbed), set(cluster.jobs())
    if not (clone.folder / "results/tables").exists():
        clone.finish(disturb(cluster, clone), PATIENCE)
        assert gate(cluster, others)["torch"]
    assert results(clone.folder) == results(undisturbed.folder)
    assert "torch on " in (clone.folder / "logs/verify/torch.log").read_text()
    resumed = sum(record["provenance"]["resumptions"] for record in records(clone.folder))
    assert resumed >= 1 or disturb not in (cancelled, timed_out, requeued)


@pytest.mark.parametrize("options", [("--gpus=1", "--ntasks-per-gpu=1"), ("--gres=gpu:1", "--ntasks=1")])
def test_both_ways_of_asking_for_a_gpu_give_one(cluster, options):
    given = cluster.run("srun", *options, "--cpus-per-task=1", "--mem=100", "printenv", "CUDA_VISIBLE_DEVICES")
    assert given.strip() in ("0", "1")
