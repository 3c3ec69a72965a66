"""Settings of a run that differ from its protocol and hyperparameters, which define another configuration."""

from functools import cache
from typing import Any

from rhelbench.config import hyperparameters, protocols
from rhelbench.spec import Budget, Hyperparameters, RunSpec
from rhelbench.tasks import card

_UNNAMED = ("chunk_steps", "time_limit_s")


@cache
def _usual(task: str, protocol: str, algorithm: str, model: str, benchmark: str) -> dict[str, Any]:
    """Return the settings of a configuration without overrides: switches, hyperparameters, budget, dtype."""
    read = protocols.read_protocol(protocol, benchmark)
    found = hyperparameters.select_settings(hyperparameters.read_hyperparameters(benchmark), task, model)
    sizes = {name: found[name] for kind in (Hyperparameters, Budget) for name in kind.model_fields}
    return (
        protocols.resolve_switches(read, card.load(task).length, algorithm, model)
        | sizes
        | {"dtype": found.get("dtype", read.dtype)}
    )


def overridden_settings(spec: RunSpec) -> str:
    """Return the switches, hyperparameters and budgets of a run that differ from its protocol and task.

    Settings of execution (``chunk_steps``, ``time_limit_s``, ``kernel``) are not included.

    Args:
        spec: the run.

    Returns:
        For example ``"algorithm=rhel,lr=0.001"``, sorted by name; empty for a run without overrides.
    """
    usual = _usual(spec.task, spec.protocol, spec.algorithm, spec.model, spec.benchmark)
    chosen = {name: getattr(spec.switches, name) for name in type(spec.switches).model_fields}
    own = chosen | {"nudge": spec.switches.nudge.model_dump(), "dtype": spec.dtype}
    own |= spec.hyper.model_dump() | spec.budget.model_dump()
    return ",".join(f"{name}={_text(own[name])}" for name in sorted(own) if name not in _UNNAMED and own[name] != usual[name])


def _text(value: Any) -> str:
    return " ".join(map(str, value.values())) if isinstance(value, dict) else str(value)
