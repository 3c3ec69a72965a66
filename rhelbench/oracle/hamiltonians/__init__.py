"""All Hamiltonians of the registry by name: ``HAMILTONIAN`` of the module of that name."""

from rhelbench.oracle.interface import Hamiltonian
from rhelbench.registry import HAMILTONIANS as ENTRIES
from rhelbench.registry import Implementations

HAMILTONIANS: dict[str, Hamiltonian] = Implementations(__name__, "HAMILTONIAN", ENTRIES)
