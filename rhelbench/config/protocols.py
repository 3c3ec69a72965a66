"""A protocol as data: the value of every switch of docs/deviations.md for a run."""

from pathlib import Path
from typing import Any, Literal

from rhelbench import BENCHMARK_VERSION, files
from rhelbench.registry import HAMILTONIANS, MODELS
from rhelbench.spec import Frozen, Nudge

CONFIG = Path("config")


class Protocol(Frozen):
    """A choice for every row of docs/deviations.md (config/protocols/<name>.yaml)."""

    algorithms: dict[str, str]
    integrators: dict[str, str]
    nudge: Nudge
    nudge_separate: Nudge
    c_squash: Literal[1, 2]
    delta_init: dict[int | Literal["any"], float]
    delta_trained: bool
    loss: str
    norm: str
    dropout_mask: str
    split: str
    batches: str
    loss_factor: float
    last_tie: str
    dtype: Literal["float32", "float64"]


class Version(Frozen):
    """Settings of an earlier version that differ: fields of protocols by name, and common settings."""

    protocols: dict[str, dict[str, Any]]
    common: dict[str, Any]


class _Versions(Frozen):
    versions: dict[str, Version]


def version_order(version: str) -> tuple[int, ...]:
    """Return a Major.Minor as comparable numbers.

    Example:
        >>> version_order("0.10") > version_order("0.9")
        True
    """
    return tuple(map(int, version.split(".")))


def earlier_versions(benchmark: str) -> list[Version]:
    """Return the differences of a version from the current one, latest first (config/earlier.yaml)."""
    if benchmark == BENCHMARK_VERSION:
        return []
    found = files.read_yaml(files.find(CONFIG / "earlier.yaml"), _Versions).versions
    return [
        found[version]
        for version in sorted(found, key=version_order, reverse=True)
        if version_order(version) >= version_order(benchmark)
    ]


def is_trainable(benchmark: str) -> bool:
    """Return whether the current code computes a version's runs, up to rounding."""
    return benchmark == BENCHMARK_VERSION or benchmark in files.read_yaml(files.find(CONFIG / "earlier.yaml"), _Versions).versions


def protocol_names() -> list[str]:
    """Return the names of config/protocols/*.yaml."""
    return list(files.find_all(CONFIG / "protocols", ".yaml"))


def read_protocol(name: str, benchmark: str = BENCHMARK_VERSION) -> Protocol:
    """Read config/protocols/<name>.yaml, in its current state or that of an earlier version."""
    protocol = files.read_yaml(files.find(CONFIG / "protocols" / f"{name}.yaml"), Protocol)
    for version in earlier_versions(benchmark):
        protocol = Protocol.model_validate(protocol.model_dump() | version.protocols.get(name, {}))
    return protocol


def counterpart(name: str) -> str:
    """Return the protocol to which a row of docs/deviations.md is changed.

    It is ``released`` for ``exact``, and ``exact`` for every other.

    Example:
        >>> counterpart("exact")
        'released'
    """
    return "released" if name == "exact" else "exact"


def resolve_switches(protocol: Protocol, length: int, algorithm: str, model: str) -> dict[str, Any]:
    """Resolve a protocol for one run.

    Args:
        protocol: the protocol.
        length: time steps of the task's sequences, on which the initial δ of the nonlinear unit depends.
        algorithm: a name that the protocol maps to an algorithm (``bptt``, ``rhel``), or an algorithm's name.
        model: a name in ``MODELS``.

    Returns:
        Value of every field of ``rhelbench.spec.Switches``, by name.

    Example:
        >>> resolve_switches(read_protocol("exact"), 405, "rhel", "nonlinear")["delta_init"]
        0.1
    """
    starts = [(limit, start) for limit, start in protocol.delta_init.items() if limit != "any"]
    fitting = [start for limit, start in sorted(starts) if length <= int(limit)]
    unit = MODELS[model].hamiltonian
    nudge = protocol.nudge if unit is None or HAMILTONIANS[unit].closed_forms else protocol.nudge_separate
    return protocol.model_dump(exclude={"algorithms", "integrators", "delta_init", "dtype", "nudge_separate"}) | {
        "nudge": nudge.model_dump(),
        "algorithm": protocol.algorithms.get(algorithm, algorithm),
        # A user's unit has no released time step (docs/bring-your-own-hamiltonian.md).
        "integrator": protocol.integrators.get(MODELS[model].hamiltonian or "linear", "leapfrog"),
        "delta_init": fitting[0] if fitting else protocol.delta_init["any"],
    }
