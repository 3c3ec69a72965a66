"""Can job arrays of the executor plugin be used? Four tasks of one array, of which the first takes longest, on a test cluster.

    python -m tests.slurm.arrays results/published/slurm/arrays.json

The answer of the plugin that is installed is added to the file. Training is like that: which run stops first is not known before.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from rhelbench.files import write_atomically
from tests.slurm.cluster import Cluster
from tests.slurm.submission import about

TASKS = 4
#: Seconds of the first task, and seconds that Snakemake waits for files to appear.
FIRST, LATENCY = 60, 5
WORKFLOW = f"""\
rule all:
    input:
        expand("done/{{task}}", task=range({TASKS})),


rule work:
    output:
        "done/{{task}}",
    resources:
        mem_mb=100,
        runtime=5,
    shell:
        "echo {{wildcards.task}} >> began; "
        '[ "$SLURM_ARRAY_TASK_ID" != "$SLURM_ARRAY_TASK_MIN" ] || sleep {FIRST}; '
        "touch {{output}}"
"""


def measure(home: Path) -> dict:
    """Run the workflow once and return what became of its tasks."""
    (home / "Snakefile").write_text(WORKFLOW)
    profile = ["--executor", "slurm", "--jobs", "100", "--slurm-array-jobs", "all", "--slurm-status-command", "squeue"]
    patience = ["--latency-wait", str(LATENCY), "--slurm-init-seconds-before-status-checks", "5", "--keep-going"]
    command = [sys.executable, "-m", "snakemake", *profile, *patience]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=400, check=False)
    return {
        "tasks": TASKS,
        "arrays_submitted": (done.stdout + done.stderr).count("Submitted array job"),
        "tasks_that_did_their_work": len((home / "began").read_text().split()),
        "outputs_that_snakemake_kept": len(list((home / "done").glob("*"))),
        "snakemake_exit_status": done.returncode,
        "failed_by_slurm": (done.stdout + done.stderr).count("SLURM status is: 'FAILED'"),
    }


if __name__ == "__main__":
    out = Path(sys.argv[1])
    facts = about(__file__)
    version = facts.pop("versions")["snakemake-executor-plugin-slurm"]
    with tempfile.TemporaryDirectory(prefix="rhelbench-slurm-") as folder:
        cluster = Cluster(Path(folder) / "slurm")
        try:
            cluster.start()
            (Path(folder) / "work").mkdir()
            found = measure(Path(folder) / "work")
        finally:
            cluster.stop()
    setting = {"seconds_of_the_first_task": FIRST, "latency_wait": LATENCY}
    before = json.loads(out.read_text())["plugins"] if out.exists() else {}
    report = {**facts, "setting": setting, "plugins": {**before, version: found}}
    write_atomically(out, json.dumps(report, indent=1) + "\n")
