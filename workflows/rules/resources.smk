# What jobs ask of a cluster is written in config/resources.yaml, nowhere else.
from rhelbench.config.resources import need_slurm, read as read_resources

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


# Before anything is submitted: the executor would wait for ever for commands that are not there.
onstart:
    if workflow.executor_plugin.name == "slurm":
        try:
            need_slurm(workflow.executor_settings.status_command or "sacct")
        except UserError as error:
            print(f"rhelbench: {error}", file=sys.stderr)
            sys.exit(2)
