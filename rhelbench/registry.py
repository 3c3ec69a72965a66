"""Every name a configuration may use, in one place; tests compare these tables with the folders."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Model:
    """A model of the matrix: the Hamiltonian of its units and how the layer reads it.

    Args:
        hamiltonian: file name in ``hamiltonians/`` of every implementation, or None for a unit without state.
        paired: the unit has 2P real lanes sharing A and δ in pairs, the real and imaginary parts of a complex state.
        trained: False for baselines that need no framework.
        label: the name printed in tables and figures.
    """

    hamiltonian: str | None
    paired: bool
    trained: bool
    label: str


MODELS: dict[str, Model] = {
    "linear": Model("linear", paired=False, trained=True, label="linear (real)"),
    "linear-complex": Model("linear", paired=True, trained=True, label="linear"),
    "nonlinear": Model("nonlinear", paired=False, trained=True, label="nonlinear"),
    "memoryless": Model(None, paired=False, trained=True, label="memoryless"),
    "majority": Model(None, paired=False, trained=False, label="majority"),
}

#: The matrix's two names; a protocol maps each to one of ALGORITHMS.
RULES: tuple[str, ...] = ("bptt", "rhel")

#: File names in ``algorithms/`` of every implementation.
ALGORITHMS: tuple[str, ...] = (
    "bptt", "bptt_checkpointed", "bptt_reversible", "rhel", "rhel_separate", "rhel_released", "rtrl", "forward_gradient", "spsa",
)  # fmt: skip

#: Those that draw directions: each implementation its own, so that only their averages can be compared.
RANDOM: tuple[str, ...] = ("forward_gradient", "spsa")

#: Those whose estimate does not depend on the nudge.
NUDGELESS: tuple[str, ...] = ("bptt", "bptt_checkpointed", "bptt_reversible", "rtrl", "forward_gradient")

#: Those that have fused kernels (``kernels/passes.py``).
FUSED: tuple[str, ...] = ("bptt", "rhel", "rhel_released")

#: Those that run the path back, whose gradient ends where an echo does not come home: its fidelity is measured for them.
RETRACING: tuple[str, ...] = ("bptt_reversible", "rhel", "rhel_separate", "rhel_released")

#: File names in ``integrators/`` of every implementation.
INTEGRATORS: tuple[str, ...] = ("leapfrog", "leapfrog_released")

#: Framework to the module that holds its ``make_learner``; numpy serves the models that are not trained.
FRAMEWORKS: dict[str, str] = {
    "jax": "impl_jax.learner",
    "torch": "impl_torch.learner",
    "numpy": "rhelbench.protocol.majority",
}

#: How runs share a job: side by side, a process each; one after another in one process; as one program over their seeds.
Packing = Literal["processes", "in_turn", "vectorised"]
#: Framework to the module whose ``Pack`` trains several seeds as one program; the others train a pack as processes.
PACKS: dict[str, str] = {"jax": "impl_jax.pack"}

#: Framework to the module that holds ``gradients`` and ``retrace`` of one unit alone in a chosen precision.
PROBES: dict[str, str] = {"jax": "impl_jax.probe", "torch": "impl_torch.probe"}

#: Framework to the module that holds ``product`` and ``recurrence``, which `python -m rhelbench bench` times.
BENCHES: dict[str, str] = {"jax": "impl_jax.bench", "torch": "impl_torch.bench"}
#: The module whose ``rows`` times the kernels of a GPU alone.
PASSES = "impl_torch.bench_passes"

#: Row of docs/deviations.md to the switches that turn it from one protocol to the other; row 0 turns none, row 5 has no switch.
DEVIATIONS: dict[int, tuple[str, ...]] = {
    0: (),
    1: ("integrator",),
    2: ("algorithm",),
    3: ("c_squash",),
    4: ("delta_init",),
    6: ("dropout_mask",),
    7: ("split",),
    8: ("nudge",),
    9: ("loss",),
    10: ("norm",),
    11: ("batches",),
    12: ("split",),
}
#: Those of them that concern the nonlinear unit alone.
NONLINEAR: tuple[int, ...] = (1, 3, 4)

#: The paper's table rows to ours: its linear model is the paired ('complex') one.
REPORTED_MODELS: dict[str, str] = {"linear": "linear-complex", "nonlinear": "nonlinear"}

#: Figures that every matrix gets (file names in ``paper_figures/``), and what each is drawn from: the tidy records, the
#: published benchmarks, what else is published (a script's ``MATRICES``, small ones of its own, then its ``TABLES`` of the
#: studies), or nothing.
FIGURES: dict[str, str] = {
    "learning_curves": "records",
    "final_metric": "records",
    "forest": "records",
    "parity": "records",
    "profile": "records",
    "curves": "published",
    "lockstep": "published",
    "limit": "published",
    "trained": "published",
    "scaling": "benchmarks",
    "fig1_echo": "published",
    "fig2_toy": "published",
    "fig3_leapfrog": "drawn",
    "fig4_static_gradients": "published",
    "precision": "published",
    "epsilon": "published",
    "gradient_norm": "published",
    "round_trip": "published",
    "imperfect_machine": "published",
    "estimators": "published",
    "echo_lost": "published",
}
