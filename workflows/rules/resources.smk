# What jobs ask of a cluster is written in config/resources.yaml, nowhere else.
from rhelbench.resources import read as read_resources

try:
    RESOURCES = read_resources()
except UserError as error:
    sys.exit(f"rhelbench: {error}")
GPU = RESOURCES["gpu"]


def need(rule, kind, task=None, runs=1):
    """A rule's cores, mem_mb or runtime; training's are those of its task, for each of its runs. Retries ask for more."""
    table = RESOURCES["rules"][rule]
    value = (table.get(task, table["default"]) if task else table)[kind] * runs
    return value if kind == "cores" else lambda wildcards, attempt: value * attempt
