"""What the long form of test_end_to_end.py left behind, as one small table.

RHELBENCH_SLURM=FOLDER python -m pytest -p no:xdist tests/slurm/test_end_to_end.py
python -m tests.slurm.evidence FOLDER results/published/slurm/end_to_end.csv

Rows of disturbances that the folder does not have stay as they are.
"""

import re
import sys
from pathlib import Path

import pandas as pd

from rhelbench.files import write_atomically
from tests.slurm.checkout import records, results


def submissions(log: str) -> int:
    """Return how many jobs Snakemake says that it submitted."""
    return len(re.findall(r"Submitted array job|has been submitted with SLURM jobid", log))


def rows(base: Path) -> list[dict]:
    """Return a row per disturbance: runs, resumptions, failed attempts seen by Snakemake, and whether the tables are the same."""
    local = results(base / "undisturbed")
    found = []
    for folder in sorted(base.iterdir(), key=lambda folder: folder.stat().st_ctime):
        if not (folder / "results/tables").exists() or folder.name == "undisturbed":
            continue
        log = (folder / "snakemake.log").read_text()
        ended = records(folder)
        found.append(
            {
                "disturbance": folder.name,
                "runs": len(ended),
                "submissions": submissions(log),
                "jobs_lost": len(re.findall(r"SLURM status is: '(\w+)'", log)),
                "states": " ".join(sorted(set(re.findall(r"SLURM status is: '(\w+)'", log)))),
                "resumptions": sum(record["provenance"]["resumptions"] for record in ended),
                "tables_equal": results(folder) == local,
            }
        )
    return found


if __name__ == "__main__":
    out, table = Path(sys.argv[2]), pd.DataFrame(rows(Path(sys.argv[1])))
    if out.exists():
        before = pd.read_csv(out, keep_default_na=False)
        table = pd.concat([before[~before.disturbance.isin(table.disturbance)], table])
    write_atomically(out, table.to_csv(index=False))
