"""``python -m rhelbench verify``: compare a framework on this host with the oracle."""

import argparse
import json
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from rhelbench.cli import devices, threads
from rhelbench.digest import closure_digest, roots
from rhelbench.errors import UserError
from rhelbench.registry import FRAMEWORKS
from rhelbench.training import setup

TRAINED = [name for name, framework in FRAMEWORKS.items() if framework.trains]


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--framework", choices=TRAINED, action="append", help="default: all that are installed; may be repeated")
    devices.add(parser)
    threads.add(parser)
    parser.add_argument("--kernel", choices=("portable", "fused", "auto"), default="portable", help="of --vectors (%(default)s)")
    parser.add_argument("--vectors", type=Path, metavar="DIR", help="check against golden vectors (*.npz) instead of the oracle")
    parser.add_argument("--case", default="", metavar="TEXT", help="only cases whose name contains this, for example a model's")
    parser.add_argument("--out", type=Path, metavar="FILE", help="also write the worst value per level as JSON")


def run(args: argparse.Namespace) -> int:
    """Run the parity levels (or read the vectors) and print a table.

    Returns:
        0, or 1 if a level fails.

    Raises:
        UserError: no framework is installed, or no case matches.
    """
    devices.apply(args.device)
    threads.apply(args.threads, "verify_framework")
    passed, report = True, {}
    for framework in args.framework or _installed():
        setup.require(framework, args.device)
        if args.vectors:
            passed &= _vectors(framework, args.vectors, args.kernel)
        else:
            ok, report[framework] = _parity(framework, args.case)
            passed &= ok
    if args.out and report:
        from rhelbench.files import write_atomically

        write_atomically(args.out, json.dumps(report, indent=1, sort_keys=True) + "\n")
    return 0 if passed else 1


def _installed() -> list[str]:
    """Return the frameworks that are installed, and say which are not."""
    missing = [name for name in TRAINED if (package := FRAMEWORKS[name].package) and not find_spec(package)]
    if missing == TRAINED:
        raise UserError(f"None of {', '.join(TRAINED)} is installed: run `make install`, or install one of them.")
    for name in missing:
        print(f"{name} is not installed and not verified: `pip install 'rhelbench[{name}]'` installs it.")
    return [name for name in TRAINED if name not in missing]


def _parity(framework: str, part: str) -> tuple[bool, dict]:
    from rhelbench.records.provenance import describe, loaded_code
    from rhelbench.verify.cases import all_cases, uncovered
    from rhelbench.verify.parity import TOLERANCES, run_levels

    loaded_code(framework)  # the code under test, even if files are edited meanwhile
    digest = parity_digest(framework)
    chosen = [item for item in all_cases(framework) if part in item.name]
    if not chosen:
        raise UserError(
            f"No case of {framework} has '{part}' in its name: see one in the table of `verify`, or leave --case out."
        )
    for model in uncovered():
        print(f"{model} is not verified: the oracle has no such Hamiltonian (docs/bring-your-own-hamiltonian.md).")
    first = chosen[0]
    learner = setup.make_learner(first.spec, first.shape)
    facts = learner.facts()
    print(f"{framework} on {facts['device']}, precision {facts['precision']}, float64, against the NumPy oracle")
    print(f"{'level':<16}{'worst':>9}{'allowed':>10}  verdict  case and quantity")
    rows = list(run_levels(framework, part))
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
    report = {"code_digest": digest, "provenance": describe(first.spec, facts), "levels": levels}
    return all(row.passed for row in rows), report


def parity_digest(framework: str) -> str:
    """Return the digest of the code behind a framework's parity table: learner, oracle and comparison."""
    return closure_digest(*roots(framework), "rhelbench.verify.parity")


def _vectors(framework: str, folder: Path, kernel: str) -> bool:
    from rhelbench.verify import vectors
    from rhelbench.verify.comparison import summary

    module = setup.load_framework(framework)
    rows = vectors.check(folder, module.make_learner, partial(module.unit_gradients, kernel=kernel), kernel)
    files = len({row.file for row in rows})
    print(f"{framework} ({kernel}) against {files} files of golden vectors in {folder}: worst relative errors")
    print(f"{'error':>8}{'allowed':>9}  verdict  file: quantity: array")
    for row in summary(rows):
        print(f"{row.error:>8.1e}{row.allowed:>9.0e}  {row.status:<7}  {row.file}: {row.quantity}: {row.name}")
    return not any(row.status == "failed" for row in rows)
