"""All names that a configuration may use, with their properties: one entry per capability.

An entry's implementation is the module of the same name in ``hamiltonians/``, ``integrators/`` or
``algorithms/`` of every implementation: ``impl_jax``, ``impl_torch``, and the oracle ``rhelbench.oracle``.
docs/adding.md shows how to add one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

from rhelbench.errors import UserError


@dataclass(frozen=True)
class Start:
    """Initial distribution of a Hamiltonian's trainable value.

    Args:
        per: ``channel``: one value per channel, (P,); ``scalar``: one per unit, ().
        low: lower end of the uniform distribution.
        high: upper end; equal to ``low`` for a constant. None for both: the protocol's ``delta_init``.
    """

    per: Literal["channel", "scalar"]
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Hamiltonian:
    """A separable energy H = T(π) + V(φ; θ, f).

    Args:
        values: initial distributions of its trainable values by letter.
        step: the letter of the step size δ.
        positive: parameters θ that must be positive for a stable leapfrog; δ always must.
        label: printed name.
        quadratic: whether V is quadratic in φ; then an echo has no truncation error for any nudge.
        closed_forms: whether ``pair_force`` and ``half_contrasts`` exist, which ``rhel`` needs to avoid cancellation.
        released_step: whether the released code integrates it differently (docs/deviations.md, rows 1, 3 and 4).
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
    """One time step.

    Args:
        order: order of convergence for constant input.
        reversible: whether the time step from the momentum-reversed state retraces it, as an echo requires.
    """

    order: int
    reversible: bool


INTEGRATORS: dict[str, Integrator] = {
    "leapfrog": Integrator(order=2, reversible=True),
    "leapfrog_released": Integrator(order=1, reversible=False),
}


@dataclass(frozen=True)
class Algorithm:
    """A gradient estimator.

    Args:
        label: printed name.
        colour: colour in figures, from the palette of Okabe and Ito as far as possible.
        needs_nudge: whether the estimate depends on the nudge.
        random: whether it uses random directions, which differ between implementations, so only averages compare.
        retraces: whether it runs the trajectory backwards, so that its gradient is lost where the echo is; its
            fidelity is recorded.
        needs_jacobian: whether it needs the derivative of a time step.
        reads_input_reversed: whether it needs the input in reverse order.
        keeps_trajectory: whether its forward pass stores every state.
        subtracts: whether it subtracts two nearly equal echoes, so that rounding limits how small the nudge may be.
        released: whether it is the released code's biased rule, which is not compared with other estimators.
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
    """An implementation of the learner; each field names a module in full.

    Args:
        learner: exports ``make_learner``, ``unit_gradients`` and ``device`` (``rhelbench.contract``).
        label: printed name.
        marker: marker in figures (matplotlib).
        package: required Python package; None if NumPy suffices.
        trains: False for the baselines without a model.
        kernels: whether it uses the fused kernels of ``kernels``.
        vmap_seeds: exports ``VmappedSeeds``, which trains several seeds as one program.
        probe: exports ``gradients`` and ``retrace`` of one unit in a chosen precision, for the studies.
        bench: exports ``product`` and ``recurrence``, which `python -m rhelbench bench` times.
        passes: exports ``rows``, which times a GPU's kernels.
        toy: exports the toy system in continuous time.
        environment: environment variables of a training job, by name.
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
        """The package of its Hamiltonians, integrators and algorithms."""
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
        # Several processes may share a GPU, so memory is allocated on demand.
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
        environment=(("PYTORCH_ALLOC_CONF", "expandable_segments:True"),),  # returns unused memory
    ),
    "numpy": Framework(
        "rhelbench.training.majority", label="NumPy", marker="D", trains=False, toy="rhelbench.oracle.continuous"
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Model:
    """A model of the matrix: the Hamiltonian of its units, and its layout.

    Args:
        hamiltonian: a key of HAMILTONIANS, or None for a unit without state.
        paired: the unit has 2P real channels, real and imaginary parts of a complex state, which share A and δ.
        trained: False for baselines that need no framework.
        label: printed name.
        reported: row of the paper's tables that it reproduces, if any.
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
    """Return the model whose units have this Hamiltonian with real channels.

    Example:
        >>> unit_model("linear")
        'linear-real'
    """
    return next(name for name, model in MODELS.items() if model.hamiltonian == hamiltonian and not model.paired)


#: The Hamiltonians of the paper's models, the subject of studies and claims.
REPORTED: tuple[str, ...] = tuple(str(model.hamiltonian) for model in MODELS.values() if model.reported)

#: Metric by kind of task; a higher accuracy is better.
METRICS: dict[str, str] = {
    "classification": "accuracy",
    "regression": "mse",
}

#: How runs share a job: parallel processes; sequentially in one process; as one program over their seeds.
Packing = Literal["processes", "sequential", "vectorised"]


@dataclass(frozen=True)
class Deviation:
    """A row of docs/deviations.md.

    Args:
        switches: switches that change it from one protocol to the other; none if it is measured otherwise.
        of_released_step: whether it only concerns units with ``Hamiltonian.released_step``.
    """

    switches: tuple[str, ...] = ()
    of_released_step: bool = False


#: Row 0 changes nothing. Both protocols set the switch of row 5, ``loss_factor``, to 1; ``overrides`` has other values.
#: Rows 14 (scaling of PPG-DaLiA) and 15 (the time limit's clock) have no switch.
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

#: Figures of every matrix (module names in ``paper_figures/``), and their data: the records, the published benchmarks,
#: other published data (a script's ``MATRICES``, then its ``TABLES`` of the studies), or nothing.
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
    """A package's implementations of a registry, by name; a missing one is a user's error.

    Args:
        package: for example ``impl_jax.integrators``; the implementation is ``attribute`` of the module of that name.
        attribute: name that every module of the package defines.
        names: the registered names; those without a module are left out.
    """

    def __init__(self, package: str, attribute: str, names: Iterable[str]) -> None:
        self._package, self._attribute = package, attribute
        modules = {name: f"{package}.{name}" for name in names}
        super().__init__(
            {name: getattr(import_module(module), attribute) for name, module in modules.items() if find_spec(module)}
        )

    def __missing__(self, name: str) -> Any:
        """Raise an error that names the missing module."""
        path = f"{self._package.replace('.', '/')}/{name}.py"
        raise UserError(f"{self._package} has no '{name}': write {path} with a '{self._attribute}', see docs/adding.md.")
