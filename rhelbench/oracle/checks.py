"""Checks of a Hamiltonian and of parameters before a run."""

from collections.abc import Callable

import numpy as np

from rhelbench import registry
from rhelbench.contract import Arrays
from rhelbench.errors import UserError
from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.hssm import unit_parameters
from rhelbench.oracle.interface import Array
from rhelbench.registry import MODELS
from rhelbench.spec import RunSpec

#: The leapfrog is stable while δ² × curvature is below this limit.
STABLE_BELOW = 4.0
#: Rounding allowed in exact identities, relative to the energies compared.
ROUNDING = 1e-9


def check_separable(name: str, flag: bool, energy: Callable[[Array, Array], Array] | None = None) -> None:
    """Reject a Hamiltonian that mixes position and momentum; leapfrog and echo need H = T(π) + V(φ).

    H(φ, π) − H(φ', π) − H(φ, π') + H(φ', π') = 0 is tested at one pair of positions and momenta.

    Args:
        name: name in the error message.
        flag: the Hamiltonian's attribute ``separable``.
        energy: H(φ, π) per channel, if available.

    Raises:
        UserError: the flag is False, or the test fails.
    """
    mixed = 0.0
    if energy is not None:
        phi, pi, phi2, pi2 = (np.array([[value]]) for value in (0.4, -0.7, -1.3, 1.1))
        energies = [np.asarray(energy(p, q)) for p, q in ((phi, pi), (phi2, pi), (phi, pi2), (phi2, pi2))]
        mixed = float(
            np.max(np.abs(energies[0] - energies[1] - energies[2] + energies[3])) / max(np.max(np.abs(energies)), 1e-300)
        )
    if not flag or mixed > ROUNDING:
        found = f" (mixed difference {mixed:.1e} of its energy)" if mixed > ROUNDING else ""
        raise UserError(f"Hamiltonian '{name}' is not separable{found}: write it as T(π) + V(φ), or choose another unit.")


def check_even_kinetic(name: str, kinetic: Callable[[Array], Array]) -> None:
    """Reject a kinetic energy that is not even; an echo retraces its trajectory only if T(−π) = T(π).

    Args:
        name: name in the error message.
        kinetic: T(π) per channel.

    Raises:
        UserError: T(π) and T(−π) differ at one of eight momenta.
    """
    pi = np.linspace(0.1, 3, 8)[None]
    gap = float(np.max(np.abs(kinetic(pi) - kinetic(-pi))))
    if gap > ROUNDING * float(np.max(np.abs(kinetic(pi)))):
        raise UserError(f"Hamiltonian '{name}' is not time-reversible: T(π) and T(−π) differ by {gap:.1e}; make T even in π.")


def check_finite(parameters: Arrays) -> None:
    """Reject parameters that are NaN or infinite.

    Raises:
        UserError: names the first such value and its path.

    Example:
        >>> check_finite({"blocks.0.hru.D": np.ones(3)})
    """
    for path, value in parameters.items():
        bad = np.argwhere(~np.isfinite(value))
        if len(bad):
            index = tuple(int(i) for i in bad[0])
            where = f"{path}{list(index)}" if index else path
            raise UserError(f"Parameter {where} is {value[index]}: start from finite values, or lower the learning rate.")


def stability(spec: RunSpec, parameters: Arrays) -> dict[str, float]:
    """Return max δ² × curvature per unit, by path; the leapfrog is stable below 4.

    The result is empty for units without state.
    """
    name = MODELS[spec.model].hamiltonian
    if name is None:
        return {}
    found = {}
    for unit in (f"blocks.{i}.hru" for i in range(spec.hyper.blocks)):
        theta, delta = HAMILTONIANS[name].physical(unit_parameters(parameters, f"{unit}."), spec.switches.c_squash)
        found[unit] = HAMILTONIANS[name].stability(theta, delta)
    return found


def unstable_units(spec: RunSpec, parameters: Arrays) -> dict[str, str]:
    """Return the units whose leapfrog is unstable, by path, with the value responsible.

    Reasons: δ ≤ 0, δ² × curvature ≥ 4, or a parameter that must be positive (``registry.Hamiltonian``).
    The result is empty for units without state, and for a Hamiltonian that the oracle lacks
    (docs/bring-your-own-hamiltonian.md).

    Example:
        >>> unstable_units(spec, parameters)  # doctest: +SKIP
        {'blocks.1.hru': 'δ = -0.0001 is not positive'}
    """
    name = MODELS[spec.model].hamiltonian
    if name not in HAMILTONIANS:
        return {}
    found = {}
    for unit, reached in stability(spec, parameters).items():
        theta, delta = HAMILTONIANS[name].physical(unit_parameters(parameters, f"{unit}."), spec.switches.c_squash)
        must = {"δ": delta} | {letter: theta[letter] for letter in registry.HAMILTONIANS[str(name)].positive}
        small = {letter: float(np.min(value)) for letter, value in must.items()}
        negative = [f"{letter} = {value:.4g} is not positive" for letter, value in small.items() if not value > 0]
        if not reached < STABLE_BELOW:
            limit = f"(δ² × curvature = {reached:.4g}, must be below {STABLE_BELOW:g})"
            negative.append(f"δ = {float(np.max(delta)):.4g} is outside the stable range {limit}")
        if negative:
            found[unit] = negative[0]
    return found


def check_initial(spec: RunSpec, parameters: Arrays) -> None:
    """Check the Hamiltonian and the initial parameters of a run.

    T must be even, H separable, all values finite. Under ``exact`` the leapfrog must also be stable.
    Under ``released`` the trainer only records ``unstable_units``.

    Raises:
        UserError: names the Hamiltonian, or the value and the unit.
    """
    check_finite(parameters)
    name = MODELS[spec.model].hamiltonian
    if name in HAMILTONIANS:
        one = HAMILTONIANS[name]
        theta, _ = one.physical(unit_parameters(parameters, "blocks.0.hru."), spec.switches.c_squash)
        check_separable(name, one.separable, lambda phi, pi: one.kinetic(pi) + one.potential(theta, phi, np.zeros(1)))
        check_even_kinetic(name, one.kinetic)
    if spec.protocol == "exact":
        for unit, what in unstable_units(spec, parameters).items():
            raise UserError(f"{unit}: initial {what}; start within the leapfrog's stable range (nonlinear unit's δ: delta_init).")
