"""Every learning algorithm by name; one file each, one function ``trajectory`` each."""

from rhelbench.oracle.algorithms import (
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
from rhelbench.oracle.interface import Algorithm

ALGORITHMS: dict[str, Algorithm] = {
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
