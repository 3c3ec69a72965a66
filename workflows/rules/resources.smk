# Cluster resources of jobs; config/resources.yaml is their only source.
from rhelbench.config.resources import need_slurm, read as read_resources

try:
    RESOURCES = read_resources()
except UserError as error:
    sys.exit(f"rhelbench: {error}")
GPU = RESOURCES["gpu"]


def need(rule, kind, task=None, runs=1):
    """Return a rule's cores, mem_mb or runtime; for training per task and run. Memory and runtime grow with retries."""
    table = RESOURCES["rules"][rule]
    value = (table.get(task, table["default"]) if task else table)[kind] * runs
    return value if kind == "cores" else lambda wildcards, attempt: value * attempt


# Checked before any submission: the executor would wait forever for missing commands.
onstart:
    if workflow.executor_plugin.name == "slurm":
        try:
            need_slurm(workflow.executor_settings.status_command or "sacct")
        except UserError as error:
            print(f"rhelbench: {error}", file=sys.stderr)
            sys.exit(2)
