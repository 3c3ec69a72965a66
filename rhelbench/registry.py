"""Every name that a configuration may use, with what the suite has to know of it: one entry per capability, nowhere else.

An entry's implementation is the file of the same name in ``hamiltonians/``, ``integrators/`` or ``algorithms/`` of every
implementation (``impl_jax``, ``impl_torch``, and the oracle ``rhelbench.oracle``); docs/adding.md shows how one is added.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

from rhelbench.errors import UserError


@dataclass(frozen=True)
class Start:
    """Where a trainable value of a Hamiltonian starts.

    Args:
        per: ``channel``: one value per channel, (P,); ``scalar``: one for the unit, ().
        low: lower end of the uniform distribution that it is drawn from.
        high: upper end; equal to ``low`` for a constant. None for both: the protocol's ``delta_init``.
    """

    per: Literal["channel", "scalar"]
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Hamiltonian:
    """A separable energy H = T(π) + V(φ; θ, f).

    Args:
        values: its own trainable values by letter, and where each starts.
        step: the letter that δ comes from.
        positive: parameters θ that must stay positive for the leapfrog to be stable; δ always must.
        label: the name printed in tables and figures.
        quadratic: whether V is quadratic in φ, so that an echo has no truncation, whatever its nudge.
        closed_forms: whether ``pair_force`` and ``half_contrasts`` exist, so that ``rhel`` need not subtract two echoes.
        released_step: whether the released code steps it otherwise than the text (docs/deviations.md, rows 1, 3 and 4).
    """

    values: dict[str, Start]
    step: str
    positive: tuple[str, ...]
    label: str
    quadratic: bool = False
    closed_forms: bool = True
    released_step: bool = False


HAMILTONIANS: dict[str, Hamiltonian] = {
    "linear": Hamiltonian(
        values={"a": Start("channel", 0, 1), "s": Start("channel", 0, 1)},
        step="s",
        positive=(),
        label="linear",
        quadratic=True,
    ),
    "nonlinear": Hamiltonian(
        values={
            "alpha": Start("scalar", 0.1, 1),
            "w": Start("channel", 0.5, 1),
            "b": Start("channel", 0, 0),
            "c": Start("channel", -1, 1),
            "delta": Start("scalar"),
        },
        step="delta",
        positive=("alpha", "w"),
        label="nonlinear",
        released_step=True,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Integrator:
    """One step in time.

    Args:
        order: of convergence for constant input.
        reversible: whether stepping the momentum-reversed state retraces the step, as an echo needs it.
    """

    order: int
    reversible: bool


INTEGRATORS: dict[str, Integrator] = {
    "leapfrog": Integrator(order=2, reversible=True),
    "leapfrog_released": Integrator(order=1, reversible=False),
}


@dataclass(frozen=True)
class Algorithm:
    """A way to the gradient of a trajectory.

    Args:
        label: the name printed in tables and figures.
        colour: in figures, of the palette of Okabe and Ito where it reaches.
        needs_nudge: whether the estimate depends on the nudge.
        random: whether it draws directions; every implementation draws its own, so that only averages can be compared.
        retraces: whether it runs the trajectory back, so that its gradient is lost where the echo is; its fidelity is recorded.
        needs_jacobian: whether it needs the derivative of a step.
        reads_input_reversed: whether it needs the input in reverse order.
        keeps_trajectory: whether its forward pass keeps every state.
        subtracts: whether it subtracts two nearly equal echoes, so that rounding bounds the nudge from below.
        released: whether it is the released code's biased rule: no estimator of the gradient to be compared with others.
    """

    label: str
    colour: str
    needs_nudge: bool = False
    random: bool = False
    retraces: bool = False
    needs_jacobian: bool = False
    reads_input_reversed: bool = False
    keeps_trajectory: bool = False
    subtracts: bool = False
    released: bool = False


ALGORITHMS: dict[str, Algorithm] = {
    "bptt": Algorithm("BPTT", "#0072B2", needs_jacobian=True, reads_input_reversed=True, keeps_trajectory=True),
    "rhel": Algorithm("RHEL", "#D55E00", needs_nudge=True, retraces=True, reads_input_reversed=True),
    "rhel_separate": Algorithm(
        "RHEL, two separate echoes", "#009E73", needs_nudge=True, retraces=True, reads_input_reversed=True, subtracts=True
    ),
    "rhel_released": Algorithm(
        "RHEL, released rule",
        "#CC79A7",
        needs_nudge=True,
        retraces=True,
        reads_input_reversed=True,
        subtracts=True,
        released=True,
    ),
    "bptt_checkpointed": Algorithm("BPTT, checkpoints", "#56B4E9", needs_jacobian=True, reads_input_reversed=True),
    "bptt_reversible": Algorithm(
        "BPTT, states stepped back", "#004B7A", retraces=True, needs_jacobian=True, reads_input_reversed=True
    ),
    "rtrl": Algorithm("RTRL", "#000000", needs_jacobian=True),
    "forward_gradient": Algorithm("forward gradient", "#E69F00", random=True, needs_jacobian=True),
    "spsa": Algorithm("SPSA", "#8C564B", needs_nudge=True, random=True),
}  # fmt: skip


@dataclass(frozen=True)
class Framework:
    """An implementation of the learner, named by its module's full name in every field.

    Args:
        learner: offers ``make_learner``, ``unit_gradients`` and ``device`` (``rhelbench.contract``).
        label: the name printed in tables and figures.
        marker: in figures (matplotlib).
        package: the Python package that must be installed; None where nothing but NumPy is needed.
        trains: False for the one that serves baselines without a model.
        kernels: whether it takes the fused kernels of ``kernels``.
        vmap_seeds: offers ``VmappedSeeds``, which trains several seeds as one program; without it they are processes.
        probe: offers ``gradients`` and ``retrace`` of one unit alone in a chosen precision, for the studies.
        bench: offers ``product`` and ``recurrence``, which `python -m rhelbench bench` times.
        passes: offers ``rows``, which times a GPU's kernels alone.
        toy: offers the toy system in continuous time.
        environment: variables of a training job, by name.
    """

    learner: str
    label: str
    marker: str
    package: str | None = None
    trains: bool = True
    kernels: bool = False
    vmap_seeds: str | None = None
    probe: str | None = None
    bench: str | None = None
    passes: str | None = None
    toy: str | None = None
    environment: tuple[tuple[str, str], ...] = ()

    @property
    def root(self) -> str:
        """The package in which its Hamiltonians, integrators and algorithms lie."""
        return self.learner.rpartition(".")[0]


FRAMEWORKS: dict[str, Framework] = {
    "jax": Framework(
        "impl_jax.learner",
        label="JAX",
        marker="o",
        package="jax",
        kernels=True,
        vmap_seeds="impl_jax.vmap_seeds",
        probe="impl_jax.probe",
        bench="impl_jax.bench",
        toy="impl_jax.continuous",
        # Several processes may share a GPU: memory is taken as it is needed.
        environment=(("XLA_PYTHON_CLIENT_PREALLOCATE", "false"), ("JAX_COMPILATION_CACHE_DIR", ".cache/jax")),
    ),
    "torch": Framework(
        "impl_torch.learner",
        label="PyTorch",
        marker="s",
        package="torch",
        kernels=True,
        probe="impl_torch.probe",
        bench="impl_torch.bench",
        passes="impl_torch.bench_passes",
        toy="impl_torch.continuous",
        environment=(("PYTORCH_ALLOC_CONF", "expandable_segments:True"),),  # gives back what it does not use
    ),
    "numpy": Framework(
        "rhelbench.training.majority", label="NumPy", marker="D", trains=False, toy="rhelbench.oracle.continuous"
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Model:
    """A model of the matrix: the Hamiltonian of its units and how the layer reads it.

    Args:
        hamiltonian: a key of HAMILTONIANS, or None for a unit without state.
        paired: the unit has 2P real lanes sharing A and δ in pairs, the real and imaginary parts of a complex state.
        trained: False for baselines that need no framework.
        label: the name printed in tables and figures.
        reported: the row of the paper's tables that it reproduces, if it does.
    """

    hamiltonian: str | None
    paired: bool
    trained: bool
    label: str
    reported: str | None = None


MODELS: dict[str, Model] = {
    "linear": Model("linear", paired=True, trained=True, label="linear", reported="linear"),
    "linear-real": Model("linear", paired=False, trained=True, label="linear (real)"),
    "nonlinear": Model("nonlinear", paired=False, trained=True, label="nonlinear", reported="nonlinear"),
    "memoryless": Model(None, paired=False, trained=True, label="memoryless"),
    "majority": Model(None, paired=False, trained=False, label="majority"),
}


def unit_model(hamiltonian: str) -> str:
    """Return the model whose units are this Hamiltonian with real channels, not in pairs.

    Example:
        >>> unit_model("linear")
        'linear-real'
    """
    return next(name for name, model in MODELS.items() if model.hamiltonian == hamiltonian and not model.paired)


#: The Hamiltonians of the paper's models, which studies and claims are about.
REPORTED: tuple[str, ...] = tuple(str(model.hamiltonian) for model in MODELS.values() if model.reported)

#: Kind of task to the name of its metric; an accuracy is better when higher.
METRICS: dict[str, str] = {
    "classification": "accuracy",
    "regression": "mse",
}

#: How runs share a job: side by side, a process each; one after another in one process; as one program over their seeds.
Packing = Literal["processes", "sequential", "vectorised"]


@dataclass(frozen=True)
class Deviation:
    """A row of docs/deviations.md.

    Args:
        switches: those that turn it from one protocol to the other; none where it is measured without one.
        of_released_step: whether it concerns only units that the released code steps otherwise (``Hamiltonian.released_step``).
    """

    switches: tuple[str, ...] = ()
    of_released_step: bool = False


#: Row 0 turns nothing. Both protocols set the switch of row 5, ``loss_factor``, to 1: other values go into ``overrides``. Rows 14
#: (scaling of PPG-DaLiA) and 15 (the time limit's clock) have no switch.
DEVIATIONS: dict[int, Deviation] = {
    0: Deviation(),
    1: Deviation(("integrator",), of_released_step=True),
    2: Deviation(("algorithm",)),
    3: Deviation(("c_squash",), of_released_step=True),
    4: Deviation(("delta_init",), of_released_step=True),
    6: Deviation(("dropout_mask",)),
    7: Deviation(("split",)),
    8: Deviation(("nudge",)),
    9: Deviation(("loss",)),
    10: Deviation(("norm",)),
    11: Deviation(("batches",)),
    12: Deviation(("split",)),
    13: Deviation(("last_tie",)),
}

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
    "imperfect_hardware": "published",
    "estimators": "published",
    "echo_lost": "published",
}


class Implementations(dict[str, Any]):
    """What a package implements of a registry, by name; asking for something that it lacks is a user's error.

    Args:
        package: for example ``impl_jax.integrators``; an entry's implementation is ``attribute`` of the module of its name.
        attribute: what every module of the package defines.
        names: the registered names; those without a module are left out.
    """

    def __init__(self, package: str, attribute: str, names: Iterable[str]) -> None:
        self._package, self._attribute = package, attribute
        modules = {name: f"{package}.{name}" for name in names}
        super().__init__(
            {name: getattr(import_module(module), attribute) for name, module in modules.items() if find_spec(module)}
        )

    def __missing__(self, name: str) -> Any:
        """Say which file is missing."""
        path = f"{self._package.replace('.', '/')}/{name}.py"
        raise UserError(f"{self._package} has no '{name}': write {path} with a '{self._attribute}', see docs/adding.md.")
