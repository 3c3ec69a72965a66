"""Every Hamiltonian by the name of its file."""

from impl_jax.hamiltonians.linear import Linear
from impl_jax.hamiltonians.nonlinear import Nonlinear
from impl_jax.interface import Hamiltonian

HAMILTONIANS: dict[str, Hamiltonian] = {"linear": Linear(), "nonlinear": Nonlinear()}
