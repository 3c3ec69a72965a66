# What jobs ask of a cluster is written in config/resources.yaml, nowhere else.
RESOURCES = configuration.load("config/resources.yaml")
GPU = RESOURCES["gpu"]


def need(rule, kind, task=None):
    """A rule's cores, mem_mb or runtime; training's are those of its task. Memory and time grow with each attempt."""
    table = RESOURCES["rules"][rule]
    value = table.get(task, table["default"])[kind] if task else table[kind]
    return value if kind == "cores" else lambda wildcards, attempt: value * attempt
