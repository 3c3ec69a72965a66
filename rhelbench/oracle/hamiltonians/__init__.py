"""Every Hamiltonian by name; one file each."""

from rhelbench.oracle.hamiltonians.linear import Linear
from rhelbench.oracle.hamiltonians.nonlinear import Nonlinear
from rhelbench.oracle.interface import Hamiltonian

HAMILTONIANS: dict[str, Hamiltonian] = {"linear": Linear(), "nonlinear": Nonlinear()}
