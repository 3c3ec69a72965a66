"""The energies a recurrent unit can have, by name."""

from impl_torch.hamiltonians.linear import Linear
from impl_torch.hamiltonians.nonlinear import Nonlinear
from impl_torch.interface import Hamiltonian

HAMILTONIANS: dict[str, Hamiltonian] = {"linear": Linear(), "nonlinear": Nonlinear()}
