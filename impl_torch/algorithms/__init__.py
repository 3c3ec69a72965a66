"""The ways to differentiate a trajectory, by name; their forward results are the same bits."""

from impl_torch.algorithms import (
    bptt,
    bptt_checkpointed,
    bptt_reversible,
    forward_gradient,
    rhel,
    rhel_released,
    rhel_separate,
    rtrl,
    spsa,
)
from impl_torch.interface import Trajectory

ALGORITHMS: dict[str, Trajectory] = {
    "bptt": bptt.trajectory,
    "bptt_checkpointed": bptt_checkpointed.trajectory,
    "bptt_reversible": bptt_reversible.trajectory,
    "rhel": rhel.trajectory,
    "rhel_separate": rhel_separate.trajectory,
    "rhel_released": rhel_released.trajectory,
    "rtrl": rtrl.trajectory,
    "forward_gradient": forward_gradient.trajectory,
    "spsa": spsa.trajectory,
}
