"""The ways to differentiate a trajectory, by name; their forward results are the same bits."""

from impl_torch.algorithms import bptt, rhel, rhel_released, rhel_separate
from impl_torch.interface import Trajectory

ALGORITHMS: dict[str, Trajectory] = {
    "bptt": bptt.trajectory,
    "rhel": rhel.trajectory,
    "rhel_separate": rhel_separate.trajectory,
    "rhel_released": rhel_released.trajectory,
}
