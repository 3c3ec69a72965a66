"""Every Hamiltonian of the registry by name: ``HAMILTONIAN`` of the file of that name."""

from rhelbench import registry
from rhelbench.oracle.interface import Hamiltonian

HAMILTONIANS: dict[str, Hamiltonian] = registry.Implementations(__name__, "HAMILTONIAN", registry.HAMILTONIANS)
