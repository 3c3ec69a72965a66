# What jobs ask of a cluster is written in config/resources.yaml, nowhere else.
RESOURCES = configuration.load("config/resources.yaml")
GPU = RESOURCES["gpu"]


def need(rule, kind, task=None, runs=1):
    """A rule's cores, mem_mb or runtime; training's are those of its task, for each of its runs. Retries ask for more."""
    table = RESOURCES["rules"][rule]
    value = (table.get(task, table["default"]) if task else table)[kind] * runs
    return value if kind == "cores" else lambda wildcards, attempt: value * attempt
