"""The registry and the folders agree: an entry has its file in every implementation, and a file its entry."""

from importlib import import_module
from itertools import product
from pathlib import Path

import pytest

from impl_torch.passes import KERNELS as ON_CPU
from kernels.passes import KERNELS
from rhelbench import registry
from rhelbench.errors import UserError
from rhelbench.oracle.integrators import INTEGRATORS

FOLDERS = {
    "hamiltonians": registry.HAMILTONIANS,
    "integrators": registry.INTEGRATORS,
    "algorithms": registry.ALGORITHMS,
}
ROOTS = ("rhelbench/oracle", "impl_jax", "impl_torch")


@pytest.mark.parametrize(("root", "folder"), list(product(ROOTS, FOLDERS)))
def test_a_folder_holds_what_is_registered(root, folder):
    files = {path.stem for path in Path(root, folder).glob("*.py")} - {"__init__"}
    assert set(FOLDERS[folder]) == files


def test_entries_name_entries():
    models = [model.hamiltonian for model in registry.MODELS.values()]
    assert set(registry.HAMILTONIANS) == set(models) - {None}
    for hamiltonian, integrator, algorithm in KERNELS:
        assert hamiltonian in registry.HAMILTONIANS
        assert integrator in registry.INTEGRATORS
        assert algorithm in registry.ALGORITHMS
    assert {kernel.hamiltonian for kernel in KERNELS.values()} == set(ON_CPU)
    for entry in registry.HAMILTONIANS.values():
        assert entry.step in entry.values


@pytest.mark.parametrize("root", ROOTS)
def test_an_implementation_has_the_closed_forms_that_its_entry_says(root):
    """The entry decides the nudge, the implementation whether two echoes are subtracted."""
    units = import_module(f"{root.replace('/', '.')}.hamiltonians").HAMILTONIANS
    assert {name: unit.closed_forms for name, unit in units.items()} == {
        name: entry.closed_forms for name, entry in registry.HAMILTONIANS.items()
    }


def test_what_an_implementation_lacks_is_said_with_the_file_to_write():
    with pytest.raises(UserError, match=r"write rhelbench/oracle/integrators/yoshida\.py with a 'INTEGRATOR'"):
        INTEGRATORS["yoshida"]
