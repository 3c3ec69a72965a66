"""Settings of runs by task and model: their names, and config/hyperparameters.yaml."""

from typing import Any, get_args

from rhelbench import BENCHMARK_VERSION, files
from rhelbench.config.protocols import CONFIG, earlier_versions
from rhelbench.errors import UserError, check_names
from rhelbench.registry import FRAMEWORKS, MODELS
from rhelbench.spec import Budget, Frozen, Hyperparameters, RunSpec, Switches

#: Settings of a configuration, a task or a model.
SETTINGS = sorted({*Hyperparameters.model_fields, *Budget.model_fields, *Switches.model_fields, "dtype", "kernel"})
#: The frameworks that train.
TRAINERS = [name for name, framework in FRAMEWORKS.items() if framework.trains]
#: The rows of a task: for all models, and for one.
ROWS = ["both", *dict.fromkeys(name.removesuffix("-real") for name in MODELS)]
_KERNELS = list(get_args(RunSpec.model_fields["kernel"].annotation))


class _Table(Frozen):
    common: dict[str, Any]
    tasks: dict[str, dict[str, dict[str, Any]]]


def read_hyperparameters(benchmark: str = BENCHMARK_VERSION) -> dict[str, Any]:
    """Read config/hyperparameters.yaml, in its current state or that of an earlier version.

    Args:
        benchmark: version of the results.

    Raises:
        UserError: it is invalid, or one of its names is misspelt.
    """
    path = files.find(CONFIG / "hyperparameters.yaml")
    table = files.read_yaml(path, _Table)
    check_names(f"key in {path}, common:", table.common, SETTINGS)
    for task, rows in table.tasks.items():
        check_names(f"row in {path}, {task}:", rows, ROWS)
        for name, row in rows.items():
            check_names(f"key in {path}, {task}, {name}:", row, SETTINGS)
    found = table.model_dump()
    for version in earlier_versions(benchmark):
        found["common"] |= version.common
    return found


def select_settings(table: dict[str, Any], task: str, model: str) -> dict[str, Any]:
    """Return the settings of a task and model: common, then the task's, then the model's; the last wins.

    Args:
        table: config/hyperparameters.yaml.
        task: the task.
        model: the model.

    Raises:
        UserError: the task has no row.
    """
    rows = table["tasks"].get(task)
    if rows is None:
        known = next(iter(table["tasks"]), "another task")
        raise UserError(f"config/hyperparameters.yaml has no row for task '{task}': add one, as for {known}.")
    return {**table["common"], **rows.get("both", {}), **rows.get(model.removesuffix("-real"), {})}


def resolve_kernel(given: Any, framework: str) -> str:
    """Return a framework's kernel.

    Args:
        given: one name for all frameworks, or names by framework; the default is ``auto``.
        framework: a name of ``registry.FRAMEWORKS``.

    Raises:
        UserError: neither, or a name is misspelt.
    """
    named = dict.fromkeys(TRAINERS, given) if isinstance(given, str) else given
    if not isinstance(named, dict):
        raise UserError(f"kernel '{given}' is neither a name nor names by framework: write kernel: auto, portable or fused.")
    check_names("framework in kernel:", named, TRAINERS)
    check_names("kernel", named.values(), _KERNELS)
    return named.get(framework, "auto")
