"""Every Hamiltonian of the registry by name: ``HAMILTONIAN`` of the file of that name."""

from impl_jax.interface import Hamiltonian
from rhelbench import registry

HAMILTONIANS: dict[str, Hamiltonian] = registry.Implementations(__name__, "HAMILTONIAN", registry.HAMILTONIANS)
