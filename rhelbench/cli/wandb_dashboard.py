"""``python -m rhelbench wandb_dashboard``: create or update the project's views on wandb."""

import argparse
import importlib.util
import os
from pathlib import Path

from rhelbench.config import expand
from rhelbench.errors import UserError, not_installed
from rhelbench.wandb import process


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--config", default="config/paper.yaml", help="the configuration whose tasks get a view each")
    which.add_argument("--config-json", help="the configuration itself, as JSON")
    parser.add_argument("--entity", default=os.environ.get("WANDB_ENTITY"), help="wandb user or team (default: WANDB_ENTITY)")
    parser.add_argument("--scratch", type=Path, default=Path("scratch"), help="where the views' addresses are remembered")


def run(args: argparse.Namespace) -> int:
    """Save the views and print their addresses.

    Raises:
        UserError: wandb is not installed, has no key or entity, or refuses the views.
    """
    if not (importlib.util.find_spec("wandb") and importlib.util.find_spec("wandb_workspaces")):
        raise not_installed("wandb or wandb-workspaces", "wandb")
    if not args.entity:
        raise UserError("wandb_dashboard must know whose project it is: set WANDB_ENTITY, or give --entity.")
    if not process.has_key():
        raise UserError("wandb has no key on this machine: set WANDB_API_KEY, or run 'wandb login' once.")
    given, project = args.config_json, os.environ.get("WANDB_PROJECT", process.PROJECT)
    matrix = expand.from_json(given) if given else expand.read(args.config)
    from rhelbench.wandb import workspace  # importing takes a second

    known = args.scratch / f"wandb_dashboard-{args.entity}-{project}.json"
    try:
        urls = workspace.define(workspace.views(args.entity, project, matrix.tasks), known)
    except Exception as error:  # errors of wandb, GraphQL and HTTP share no base class
        said = " ".join(str(error).split())[:200]
        raise UserError(
            f"wandb did not take the views ({said}); check network, key and entity, or remove {known} if a view was deleted."
        ) from error
    print("\n".join(urls))
    return 0
