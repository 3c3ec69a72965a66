"""``python -m rhelbench verify``: does this framework, on this machine, compute what the oracle computes?"""

import argparse
import json
import os
from importlib import import_module
from pathlib import Path

from rhelbench.registry import FRAMEWORKS

TRAINED = [name for name in FRAMEWORKS if name != "numpy"]


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--framework", choices=TRAINED, action="append", help="default: both; give it twice for two")
    parser.add_argument("--device", choices=("cpu", "cuda"), help="default: the framework's own choice")
    parser.add_argument("--vectors", type=Path, metavar="DIR", help="check against golden vectors (*.npz) instead of the oracle")
    parser.add_argument("--out", type=Path, metavar="FILE", help="also write the worst value per level as JSON")


def run(args: argparse.Namespace) -> int:
    """Climb the ladder (or read the vectors), print a table, and return 1 if a level fails."""
    if args.device == "cpu":  # read by the frameworks when they are imported, so set before
        os.environ |= {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
    elif args.device == "cuda":
        os.environ["JAX_PLATFORMS"] = "cuda"
    passed, report = True, {}
    for framework in args.framework or TRAINED:
        if args.vectors:
            passed &= _vectors(framework, args.vectors)
        else:
            ok, report[framework] = _ladder(framework)
            passed &= ok
    if args.out and report:
        from rhelbench.records.files import write_atomically

        write_atomically(args.out, json.dumps(report, indent=1, sort_keys=True) + "\n")
    return 0 if passed else 1


def _ladder(framework: str) -> tuple[bool, dict]:
    from rhelbench.records.provenance import code, describe
    from rhelbench.verify.cases import cases
    from rhelbench.verify.ladder import TOLERANCES, climb

    code(framework)  # the code that is climbed, whatever is edited meanwhile
    first = cases(framework)[0]
    learner = import_module(FRAMEWORKS[framework]).make_learner(first.spec, first.shape)
    facts = learner.facts()
    print(f"{framework} on {facts['device']}, precision {facts['precision']}, float64, against the NumPy oracle")
    print(f"{'level':<16}{'worst':>9}{'allowed':>10}  verdict  case and quantity")
    rows = list(climb(framework))
    levels = {}
    for level, allowed in TOLERANCES.items():
        here = [row for row in rows if row.level == level]
        if not here:
            continue
        top = max(here, key=lambda row: (not row.passed, row.worst))
        levels[level] = {"worst": top.worst, "allowed": allowed, "passed": all(r.passed for r in here), "where": top.where,
                         "case": top.case, "cases": len(here)}  # fmt: skip
        verdict = "pass" if levels[level]["passed"] else "FAIL"
        print(f"{level:<16}{top.worst:>9.1e}{allowed:>10.0e}  {verdict:<7}  {top.case}: {top.where}")
        for row in here:
            if not row.passed and row is not top:
                print(f"{'':<16}{row.worst:>9.1e}{'':>10}  FAIL     {row.case}: {row.where}")
    return all(row.passed for row in rows), {"provenance": describe(first.spec, facts), "levels": levels}


def _vectors(framework: str, folder: Path) -> bool:
    from rhelbench.oracle import vectors
    from rhelbench.oracle.comparison import summary

    module = import_module(FRAMEWORKS[framework])
    rows = vectors.check(folder, module.make_learner, module.unit_gradients)
    print(f"{framework} against {len({row.file for row in rows})} files of golden vectors in {folder}: worst relative errors")
    print(f"{'error':>8}{'allowed':>9}  verdict  file: quantity: array")
    for row in summary(rows):
        print(f"{row.error:>8.1e}{row.allowed:>9.0e}  {row.status:<7}  {row.file}: {row.quantity}: {row.name}")
    return not any(row.status == "failed" for row in rows)
