"""``python -m rhelbench check``: is this configuration what it should be, and which runs does it ask for?"""

import argparse

from rhelbench import config


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--config", required=True, help="a configuration file, for example config/smoke.yaml")
    parser.add_argument("--list", action="store_true", help="print every run id")


def run(args: argparse.Namespace) -> int:
    """Print the number of runs, or their ids."""
    specs = config.expand(config.read(args.config))
    if args.list:
        print("\n".join(spec.run_id for spec in specs))
    print(f"{args.config}: {len(specs)} runs")
    return 0
