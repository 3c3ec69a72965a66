"""``python -m rhelbench claims``: statistics, the claims ledger and the deviations page."""

import argparse
import json
from pathlib import Path

import pandas as pd

from rhelbench.claims import deviations, evidence
from rhelbench.claims.ledger import ledger
from rhelbench.cli import at_least
from rhelbench.files import find, write_csv
from rhelbench.records import collected
from rhelbench.report import pages, write
from rhelbench.studies import single_unit


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--collected", required=True, type=Path, help="a folder that `collect` or `publish` wrote")
    parser.add_argument(
        "--published", type=Path, default=find(Path("results/published")), help="parity.json and benchmarks/ are read there"
    )
    parser.add_argument("--out", required=True, type=Path, help="the folder to write to")
    parser.add_argument("--longest", type=at_least(1), default=single_unit.LONGEST, help="steps of the long-sequence check")


def run(args: argparse.Namespace) -> int:
    """Write claims.md, claims.csv, deviations.md, measured.json and statistics/*.csv."""
    found = collected.read(args.collected)
    gathered = evidence.gather(found, args.published, args.longest)
    judged = ledger(gathered)
    for name, table in gathered.tables.items():
        write_csv(args.out / "statistics" / f"{name}.csv", table)
    effects = pd.concat([deviations.measure(model) for model in ("linear", "nonlinear")], ignore_index=True)
    metrics, rounding = deviations.metric_effects(found), deviations.rounding(gathered.static)
    factors = deviations.factors()
    write_csv(args.out / "statistics" / "deviations.csv", effects)
    write_csv(args.out / "statistics" / "deviation_metrics.csv", metrics)
    write_csv(args.out / "statistics" / "deviation_rounding.csv", rounding)
    write_csv(args.out / "statistics" / "deviation_factors.csv", factors)
    write.write_text(args.out / "measured.json", json.dumps(gathered.measured, indent=1) + "\n")
    write_csv(args.out / "claims.csv", judged)
    write.write_text(args.out / "claims.md", pages.claims(judged, gathered.static.get("calibration")))
    write.write_text(args.out / "deviations.md", pages.deviation_page(effects, metrics, rounding, factors))
    return 0
