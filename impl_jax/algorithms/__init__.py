"""Every learning algorithm by the name of its file."""

from impl_jax.algorithms import bptt, rhel, rhel_released, rhel_separate
from impl_jax.recurrence import Trajectory

ALGORITHMS: dict[str, Trajectory] = {
    "bptt": bptt.trajectory,
    "rhel": rhel.trajectory,
    "rhel_separate": rhel_separate.trajectory,
    "rhel_released": rhel_released.trajectory,
}
