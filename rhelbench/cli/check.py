"""``python -m rhelbench check``: validate a configuration and list its runs."""

import argparse
import json

from rhelbench.config import expand
from rhelbench.config.matrix import Matrix
from rhelbench.errors import UserError, unknown_name


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--config", help="a configuration file, for example config/smoke.yaml")
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--list", action="store_true", help="print every run id")
    shown.add_argument("--spec", metavar="RUN_ID", help="print this run's specification as JSON, as `train --spec` takes it")
    shown.add_argument("--schema", action="store_true", help="print the JSON schema of configuration files")


def run(args: argparse.Namespace) -> int:
    """Print the number of runs and, if asked, their ids, one run's specification, or the schema.

    Raises:
        UserError: no configuration, an invalid one, or an unknown run.
    """
    if args.schema:
        print(json.dumps(Matrix.model_json_schema(), indent=2, ensure_ascii=False))
        return 0
    if not args.config:
        raise UserError("Name a configuration: rhelbench check --config config/smoke.yaml, or ask for --schema.")
    specs = expand.expand(expand.read(args.config))
    if args.spec:
        found = {spec.run_id: spec for spec in specs}
        if args.spec not in found:
            raise unknown_name(f"run of {args.config}:", args.spec, list(found))
        print(found[args.spec].canonical_json())
        return 0
    if args.list:
        print("\n".join(spec.run_id for spec in specs))
    print(f"{args.config}: {len(specs)} runs")
    return 0
