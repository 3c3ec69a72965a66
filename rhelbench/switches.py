"""A protocol as data, and what it makes of one run: the value of every switch of docs/deviations.md."""

from pathlib import Path
from typing import Any, Literal

from rhelbench import reading
from rhelbench.registry import MODELS
from rhelbench.spec import Frozen, Nudge

CONFIG = Path("config")


class Protocol(Frozen):
    """One way to resolve every row of docs/deviations.md (config/protocols/<name>.yaml)."""

    algorithms: dict[str, str]
    integrators: dict[str, str]
    nudge: Nudge
    c_squash: Literal[1, 2]
    delta_init: dict[int | Literal["any"], float]
    delta_trained: bool
    loss: str
    norm: str
    dropout_mask: str
    split: str
    batches: str
    dtype: Literal["float32", "float64"]


def protocols() -> list[str]:
    """Return the names of config/protocols/*.yaml."""
    return sorted(path.stem for path in (CONFIG / "protocols").glob("*.yaml"))


def read_protocol(name: str) -> Protocol:
    """Read config/protocols/<name>.yaml."""
    return reading.load(CONFIG / "protocols" / f"{name}.yaml", Protocol)


def other(name: str) -> str:
    """Return the protocol that a row of docs/deviations.md is turned to: ``released`` for ``exact``, else ``exact``."""
    return "released" if name == "exact" else "exact"


def of(protocol: Protocol, length: int, algorithm: str, model: str) -> dict[str, Any]:
    """Resolve a protocol for one run.

    Args:
        protocol: what to resolve.
        length: of the task's sequences, in steps; the start of the nonlinear unit's δ depends on it.
        algorithm: ``bptt`` or ``rhel``.
        model: a name in ``MODELS``.

    Returns:
        Name to value of every field of ``rhelbench.spec.Switches``.

    Example:
        >>> of(read_protocol("exact"), 405, "rhel", "nonlinear")["delta_init"]
        0.1
    """
    starts = [(limit, start) for limit, start in protocol.delta_init.items() if limit != "any"]
    fitting = [start for limit, start in sorted(starts) if length <= int(limit)]
    return protocol.model_dump(exclude={"algorithms", "integrators", "delta_init", "dtype"}) | {
        "algorithm": protocol.algorithms[algorithm],
        # A unit of one's own has no released step (docs/bring-your-own-hamiltonian.md).
        "integrator": protocol.integrators.get(MODELS[model].hamiltonian or "linear", "leapfrog"),
        "delta_init": fitting[0] if fitting else protocol.delta_init["any"],
    }
