"""The four passes of a fused trajectory: what each is given and gives back, on any device (arrays as in ``kernels.cpu``)."""

from typing import Literal

Pass = Literal["forward", "adjoint", "pair_echo", "released_echo"]
#: The arrays of each pass in their order; ``phi`` and ``pi`` of an echo are the final state.
GIVEN: dict[Pass, tuple[str, ...]] = {
    "forward": ("theta", "delta", "f"),
    "adjoint": ("theta", "delta", "f", "phi", "pi", "g"),
    "pair_echo": ("theta", "delta", "f", "g", "epsilon", "phi", "pi"),
    "released_echo": ("theta", "delta", "f", "g", "epsilon", "phi", "pi"),
}
#: Its results in their order.
RESULTS: dict[Pass, tuple[str, ...]] = {
    "forward": ("phi", "pi"),
    "adjoint": ("grad_f", "sums"),
    "pair_echo": ("grad_f", "sums"),
    "released_echo": ("grad_u", "grad_B", "sums"),
}
#: Algorithm to its backward pass; rhel_separate has none, being there to show what a machine would do.
BACKWARD: dict[str, Pass] = {"bptt": "adjoint", "rhel": "pair_echo", "rhel_released": "released_echo"}
