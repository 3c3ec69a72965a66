"""The state memory of one unit, as compiler or allocator count it."""

from importlib import import_module

import pytest

from rhelbench.bench import plan, unit
from rhelbench.registry import FRAMEWORKS

CELLS = plan.measurements()
UNITS = [(c.framework, c.kernel, c.model, c.algorithm) for c in CELLS if c.table == "unit_length" and c.length == 1000]


def state_bytes(framework: str, kernel: str, model: str, algorithm: str, length: int) -> int:
    """Return the state memory of one unit at a length."""
    chosen = next(c for c in CELLS if c.table == "unit_length")
    names = {"framework": framework, "kernel": kernel, "model": model, "algorithm": algorithm, "length": length}
    cell = chosen.model_copy(update=names)
    return import_module(str(FRAMEWORKS[framework].bench)).recurrence(model, kernel, *unit.problem(cell)).state_bytes()


@pytest.mark.parametrize("names", [names for names in UNITS if names[-1] == "rhel"], ids="-".join)
def test_rhel_needs_no_more_state_memory_for_a_longer_sequence(names: tuple[str, ...]) -> None:
    """Not one byte: what either compiler or allocator counts beyond drive, positions and gradients."""
    assert state_bytes(*names, 100_000) <= state_bytes(*names, 1000)


@pytest.mark.parametrize("names", [names for names in UNITS if names[-1] == "bptt"], ids="-".join)
def test_bptt_keeps_the_momenta_of_every_step(names: tuple[str, ...]) -> None:
    assert state_bytes(*names, 10_000) > 9 * state_bytes(*names, 1000)
