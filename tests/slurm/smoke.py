"""The smoke matrix, whole, from a fresh clone: `snakemake --profile slurm` on a test cluster, and the same here without Slurm.

    python -m tests.slurm.smoke FOLDER results/published/slurm/smoke.json

FOLDER is kept; called again, it goes on with what is there. Only committed files take part. Both train on CPUs: the cluster's
GPUs are made up.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from tests.slurm.checkout import ROOT, Checkout, records, results
from tests.slurm.cluster import Cluster
from tests.slurm.evidence import submissions
from tests.slurm.submission import about

CONFIG = Path("config/smoke.yaml")
#: Seconds that either of the two may take.
PATIENCE = 5400


def clone(folder: Path) -> Checkout:
    """Clone what is committed, unless it has been."""
    if not folder.exists():
        commit = about(__file__)["git"]["commit"]
        subprocess.run(["git", "clone", "--quiet", "--no-checkout", str(ROOT), str(folder)], check=True)
        subprocess.run(["git", "-C", str(folder), "checkout", "--quiet", "--detach", commit], check=True)
    return Checkout(folder, CONFIG)


def run(here: Checkout, slurm: bool) -> float:
    """Run the default target to its end and return the seconds it took."""
    begin = time.monotonic()
    here.finish(here.start("--config", "device=cpu", slurm=slurm), PATIENCE)
    return round(time.monotonic() - begin, 1)


def gate(cluster: Cluster, others: Collection[str] = ()) -> dict[str, bool]:
    """Return, per framework verified, whether all its training began after that had ended, by Slurm's clock.

    Args:
        cluster: that is up.
        others: jobs that are not looked at.
    """
    began: dict[str, list[datetime]] = {}
    ended: dict[str, datetime] = {}
    for job, comment in cluster.jobs().items():
        said = dict(re.findall(r"(\w+)=(\S+)", cluster.run("scontrol", "show", "job", job)))
        framework = next((name for name in ("jax", "torch") if name in comment), "")
        if job not in others and comment.startswith("rule_verify"):
            ended[framework] = max(ended.get(framework, datetime.min), datetime.fromisoformat(said["EndTime"]))
        elif job not in others and comment.startswith("rule_train"):
            began.setdefault(framework, []).append(datetime.fromisoformat(said["StartTime"]))
    return {framework: end <= min(began[framework]) for framework, end in ended.items()}


def compare(local: Checkout, remote: Checkout) -> dict:
    """Return what ended how, and which of the final tables are the same bytes."""
    ours, theirs = results(remote.folder), results(local.folder)
    ours["history"], theirs["history"] = (
        (here.folder / "results/collected/smoke/history.csv").read_text() for here in (remote, local)
    )
    ended = records(remote.folder)
    return {
        "runs": len(ended),
        "statuses": dict(Counter(record["result"]["status"] for record in ended)),
        "results_equal": [r["result"] for r in ended] == [r["result"] for r in records(local.folder)],
        "tables": sorted(ours),
        "tables_that_differ": sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name)),
        "submissions": submissions((remote.folder / "snakemake.log").read_text()),
        "devices": {path.stem: path.read_text().splitlines()[0] for path in (remote.folder / "logs/verify").iterdir()},
    }


def main(folder: Path) -> dict:
    """Run both and compare."""
    facts = about(__file__)
    local, remote = clone(folder / "local"), clone(folder / "slurm")
    walls = {"wall_seconds_local": run(local, slurm=False)}
    cluster = Cluster(folder / f"cluster-{os.getpid()}")
    try:
        cluster.start()
        walls["wall_seconds_slurm"] = run(remote, slurm=True)
        passed = gate(cluster)
    finally:
        cluster.stop()
    return {**facts, **walls, **compare(local, remote), "trained_after_verification": passed}


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    Path(sys.argv[2]).write_text(json.dumps(main(Path(sys.argv[1]).resolve()), indent=1) + "\n")
