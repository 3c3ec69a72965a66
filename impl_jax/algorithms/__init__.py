"""Every learning algorithm by the name of its file."""

from impl_jax.algorithms import (
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
from impl_jax.recurrence import Trajectory

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
