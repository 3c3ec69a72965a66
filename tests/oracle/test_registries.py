"""The registries, the folders and the names of the specification agree."""

from pathlib import Path

import pytest

from kernels.passes import BACKWARD
from rhelbench import registry
from rhelbench.oracle.algorithms import ALGORITHMS
from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.integrators import INTEGRATORS

FOLDERS = {"hamiltonians": HAMILTONIANS, "integrators": INTEGRATORS, "algorithms": ALGORITHMS}


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_registry_lists_its_folder(folder):
    files = {path.stem for path in Path("rhelbench/oracle", folder).glob("*.py")} - {"__init__"}
    assert set(FOLDERS[folder]) == files


def test_the_specification_knows_the_same_names():
    assert set(ALGORITHMS) == set(registry.ALGORITHMS)
    assert set(INTEGRATORS) == set(registry.INTEGRATORS)
    assert set(BACKWARD) == set(registry.FUSED)
    assert set(HAMILTONIANS) == {entry.hamiltonian for entry in registry.MODELS.values()} - {None}
