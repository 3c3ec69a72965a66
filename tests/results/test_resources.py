"""config/resources.yaml asks for what was measured, with room."""

import json
from pathlib import Path

import pytest

from rhelbench.records import published
from tests.config.test_resources import needs

TRAINING = json.loads(Path("results/published/slurm/training.json").read_text())["cells"]
#: What is asked for, over what was measured: other data, another allocator, a driver's own memory.
ROOM = 1.25


@pytest.mark.parametrize("cell", [name for name, found in TRAINING.items() if "peak_host_bytes" in found])
def test_memory_covers_what_was_measured(cell):
    asked = needs(cell.split()[0])["mem_mb"] * 2**20
    assert asked >= ROOM * TRAINING[cell]["peak_host_bytes"]


def test_memory_and_run_time_cover_published_runs():
    """Short tasks ask for less than the time limit."""
    for run_id, run in published.read(Path("results/published")).items():
        asked, used = needs(run.record["result"]["spec"]["task"]), run.record["provenance"]
        assert asked["mem_mb"] * 2**20 >= ROOM * used["peak_host_bytes"], run_id
        assert asked["runtime"] * 60 >= ROOM * used["wall_s"], run_id
