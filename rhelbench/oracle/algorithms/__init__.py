"""Every learning algorithm by name; one file each, one function ``trajectory`` each."""

from rhelbench.oracle.algorithms import bptt, rhel, rhel_released, rhel_separate
from rhelbench.oracle.interface import Algorithm

ALGORITHMS: dict[str, Algorithm] = {
    "bptt": bptt.trajectory,
    "rhel": rhel.trajectory,
    "rhel_separate": rhel_separate.trajectory,
    "rhel_released": rhel_released.trajectory,
}
