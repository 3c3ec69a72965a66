"""How many cores a process may use, and the number of threads that commands settle on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rhelbench.cli import main, threads
from rhelbench.config import cores, resources
from rhelbench.errors import UserError


@pytest.fixture(autouse=True)
def nothing_asked(monkeypatch):
    for name in (*cores.VARIABLES, "OMP_WAIT_POLICY"):
        monkeypatch.setenv(name, "1")  # so that what a test sets is taken back, whether it was set before or not
        monkeypatch.delenv(name)


def group(root: Path, membership: str, **files: str) -> tuple[Path, Path]:
    (root / "cgroup").write_text(membership)
    for place, content in files.items():
        path = root / "fs" / place.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_name(path.name.replace("cpu_", "cpu.")).write_text(content)
    return root / "cgroup", root / "fs"


@pytest.mark.parametrize(
    ("membership", "files", "expected"),
    [
        ("0::/\n", {"cpu_max": "150000 100000\n"}, [1.5]),  # a container
        ("0::/\n", {"cpu_max": "max 100000\n"}, []),
        ("0::/user/job\n", {"user__job__cpu_max": "max 100000\n", "user__cpu_max": "200000 100000\n"}, [2.0]),  # a quota above
        (
            "4:cpu,cpuacct:/docker/1\n2:memory:/docker/1\n",
            {"cpu,cpuacct__docker__1__cpu_cfs_quota_us": "50000\n", "cpu,cpuacct__docker__1__cpu_cfs_period_us": "100000\n"},
            [0.5],
        ),
        ("4:cpu:/\n", {"cpu__cpu_cfs_quota_us": "-1\n", "cpu__cpu_cfs_period_us": "100000\n"}, []),
        ("0::/gone\n", {}, []),
    ],
)
def test_quotas_are_those_of_the_control_groups(tmp_path, membership, files, expected):
    assert cores.quotas(*group(tmp_path, membership, **files)) == expected


def test_a_quota_below_the_affinity_counts(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(64)))
    monkeypatch.setattr(cores, "quotas", lambda membership, groups: [2.5, 8.0])
    assert cores.available_cores() == 3
    monkeypatch.setattr(cores, "quotas", lambda membership, groups: [])
    assert cores.available_cores() == 64


def test_by_default_a_command_has_the_cores_of_its_job_in_the_workflow():
    assert threads.apply(None, "train", "delay-100") == resources.read()["rules"]["train"]["default"]["cores"]
    assert threads.apply(3, "train", "delay-100") == 3
    assert [os.environ[name] for name in cores.VARIABLES] == ["3", "3"]
    assert threads.apply(None, "train", "delay-100") == 3  # OMP_NUM_THREADS counts as asked for
    assert os.environ["OMP_WAIT_POLICY"] == "passive"


def test_the_first_of_nested_levels_counts_and_no_number_is_a_sentence(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "4,2")
    assert threads.apply(None, "train", "delay-100") == 4
    for wrong in ("many", "0", "-1"):
        monkeypatch.setenv("OMP_NUM_THREADS", wrong)
        with pytest.raises(UserError, match=f"OMP_NUM_THREADS is '{wrong}', no whole number from 1 on: correct it, or unset it"):
            threads.apply(None, "train", "delay-100")


def test_fewer_cores_than_configured_are_said(monkeypatch, capsys):
    monkeypatch.setattr(cores, "available_cores", lambda: 2)
    assert threads.apply(None, "train", "delay-100", runs=5) == 2
    assert capsys.readouterr().err == "5 cores are configured and 2 may be used here: 2 threads.\n"


def test_no_number_of_threads_is_a_sentence(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--threads", "0", "--spec", "{}"])
    assert "'0' is no whole number from 1 on" in capsys.readouterr().err


def test_makefile_and_tests_ask_for_the_cores_that_may_be_used():
    print_cores = [sys.executable, "-c", "from rhelbench.config.cores import available_cores; print(available_cores())"]
    assert subprocess.run(print_cores, capture_output=True, text=True, check=True).stdout == f"{cores.available_cores()}\n"
    makefile = Path("Makefile").read_text()
    assert print_cores[2] in makefile
    assert "--cores all" not in makefile
    assert "--numprocesses auto" not in makefile
