"""From a configuration file to the list of runs it asks for, refusing what can't be meant."""

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator

from rhelbench import BENCHMARK_VERSION
from rhelbench.errors import UserError, unknown
from rhelbench.registry import DEVIATIONS, FRAMEWORKS, MODELS, NONLINEAR, NUDGELESS, RULES, Packing
from rhelbench.spec import Budget, Frozen, Hyperparameters, RunSpec, Switches, Variant
from rhelbench.switches import CONFIG, Protocol, of, other, protocols, read_protocol
from rhelbench.tasks import card
from rhelbench.tasks.splits import CUTS

_SETTINGS = {*Hyperparameters.model_fields, *Budget.model_fields, *Switches.model_fields, "dtype", "kernel"}


class Matrix(Frozen):
    """A configuration file: which runs are wanted."""

    name: str
    benchmark: str = Field(BENCHMARK_VERSION, description="Major.Minor whose runs are meant; others can be shown, not trained")
    protocol: str
    tasks: list[str] = Field(min_length=1)
    models: list[str] = Field(min_length=1)
    algorithms: list[str] = Field(min_length=1)
    frameworks: list[str] = Field(min_length=1)
    seeds: list[int] = Field(min_length=1)
    variants: list[Variant] = Field([Variant()], min_length=1)
    deviations: list[int] = Field([0], min_length=1, description="rows of docs/deviations.md to turn, each alone; 0 is none")
    overrides: dict[str, Any] = Field(default_factory=dict)
    grid: dict[str, list[Any]] = Field(default_factory=dict, description="settings, each with the values it takes in turn")
    mirrors: list[str] = Field(default_factory=list, description="folders or URLs to look for archives first")
    results: Literal["auto", "runs", "published"] = Field("auto", description="where tables and figures read from")
    seeds_per_job: int = Field(1, ge=1, description="runs of one cell, but for the seed, that share a job and its GPU")
    packing: Packing = Field("processes", description="how such runs share it")
    verify: bool = Field(False, description="verify each framework before it trains; on a cluster always")

    @field_validator("tasks", "models", "algorithms", "frameworks", "seeds", "deviations", "mirrors", mode="before")
    @classmethod
    def _one_is_a_list_of_one(cls, value: Any) -> Any:
        """``--config tasks=Heartbeat`` arrives as a string, ``seeds=1`` as a number: both mean a list of one."""
        return value if isinstance(value, list) else [value]


def parse(config: dict[str, Any], where: str) -> Matrix:
    """Validate a configuration.

    Args:
        config: the loaded YAML, command-line settings merged in.
        where: named in the error, for example the file.

    Raises:
        UserError: a misspelt key, an empty list, an unknown name.
    """
    try:
        matrix = Matrix.model_validate(config)
    except ValidationError as error:
        first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")  # a misspelt key also misses one
        key = str(first["loc"][0])
        if first["type"] == "extra_forbidden":
            raise unknown(f"key in {where}:", key, list(Matrix.model_fields)) from error
        raise UserError(f"{where}: '{key}' is wrong ({first['msg']}); see config/README.md.") from error
    for kind, values, known in (
        ("protocol", [matrix.protocol], protocols()),
        ("task", matrix.tasks, card.names()),
        ("model", matrix.models, list(MODELS)),
        ("algorithm", matrix.algorithms, list(RULES)),
        ("framework", matrix.frameworks, [name for name in FRAMEWORKS if name != "numpy"]),
        ("row of docs/deviations.md", list(map(str, matrix.deviations)), list(map(str, DEVIATIONS))),
        ("key in overrides:", list(matrix.overrides), sorted(_SETTINGS)),
        ("key in grid:", list(matrix.grid), sorted(_SETTINGS)),
    ):
        for value in values:
            if value not in known:
                raise unknown(kind, value, known)
    return matrix


def load(path: str | Path) -> dict[str, Any]:
    """Read a configuration file without judging its keys.

    Raises:
        UserError: the file is not there, is not YAML, or does not hold keys and values.
    """
    try:
        loaded = yaml.safe_load(Path(path).read_text())
    except FileNotFoundError:
        raise UserError(f"No configuration {path}: choose one of {', '.join(map(str, sorted(CONFIG.glob('*.yaml'))))}.") from None
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not YAML ({' '.join(str(error).split())}); correct it.") from error
    if not isinstance(loaded, dict):
        raise UserError(f"{path} must hold keys and values, see config/README.md.")
    return loaded


def read(path: str | Path) -> Matrix:
    """Read and validate a configuration file (see ``load`` and ``parse`` for what they refuse)."""
    return parse(load(path), str(path))


def hyperparameters() -> dict[str, Any]:
    """Read config/hyperparameters.yaml."""
    return yaml.safe_load((CONFIG / "hyperparameters.yaml").read_text())


def settings(table: dict[str, Any], task: str, model: str) -> dict[str, Any]:
    """Return a cell's settings of config/hyperparameters.yaml: common, the task's, the model's own, last wins.

    Raises:
        UserError: the task has no row.
    """
    rows = table["tasks"].get(task)
    if rows is None:
        known = next(iter(table["tasks"]))
        raise UserError(f"config/hyperparameters.yaml has no row for task '{task}': add one, as for {known}.")
    return {**table["common"], **rows.get("both", {}), **rows.get(model.removesuffix("-complex"), {})}


@dataclass(frozen=True)
class Sources:
    """The files behind a matrix, read once: its protocol, the hyperparameters, the cards of its tasks."""

    protocol: Protocol
    hyperparameters: dict[str, Any]
    cards: dict[str, card.Card]

    @classmethod
    def of(cls, matrix: Matrix) -> "Sources":
        """Read what ``matrix`` names."""
        return cls(read_protocol(matrix.protocol), hyperparameters(), {task: card.load(task) for task in matrix.tasks})


def resolve(
    matrix: Matrix,
    sources: Sources,
    cell: tuple[str, str, str, str, int, Variant, int],
    point: dict[str, Any],
) -> RunSpec:
    """Resolve one cell of the matrix into a complete RunSpec.

    Args:
        matrix: the configuration.
        sources: the files behind it.
        cell: (task, model, algorithm, framework, seed, variant, row of docs/deviations.md to turn, 0 for none).
        point: settings of the matrix's grid, over its overrides.

    Raises:
        UserError: a value of the wrong kind, or a batch larger than the training part.
    """
    task, model, algorithm, framework, seed, variant, row = cell
    protocol, facts = sources.protocol, sources.cards[task]
    values = settings(sources.hyperparameters, task, model) | matrix.overrides | point
    switches = of(protocol, facts.length, algorithm, model)
    if row:
        turned = of(read_protocol(other(matrix.protocol)), facts.length, algorithm, model)
        switches |= {name: turned[name] for name in DEVIATIONS[row]}
    kernel = values["kernel"] if isinstance(values["kernel"], str) else values["kernel"].get(framework, "portable")

    def pick(kind: type[Frozen]) -> dict[str, Any]:
        return {key: values[key] for key in kind.model_fields if key in values}

    try:
        names = {"task": task, "model": model, "algorithm": algorithm, "framework": framework, "protocol": matrix.protocol}
        parts = {"hyper": pick(Hyperparameters), "budget": pick(Budget), "switches": switches | pick(Switches)}
        parts |= {"dtype": values.get("dtype", protocol.dtype), "kernel": kernel if MODELS[model].hamiltonian else "portable"}
        spec = RunSpec.model_validate({**names, "benchmark": matrix.benchmark, "seed": seed, "variant": variant, **parts})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise UserError(f"{task}/{model}: setting '{field}' is wrong ({first['msg']}); see config/README.md.") from error
    training = int(CUTS[0] * facts.samples)
    if facts.kind == "classification" and spec.hyper.batch > training:
        raise UserError(
            f"{task}: batch {spec.hyper.batch} is larger than the training part of {training} samples; choose a smaller batch."
        )
    if spec.budget.eval_every % spec.budget.chunk_steps:
        raise UserError(
            f"{task}: eval_every {spec.budget.eval_every} is not a multiple of chunk_steps {spec.budget.chunk_steps}; change one."
        )
    return spec


def expand(matrix: Matrix) -> list[RunSpec]:
    """Return every run of the matrix, once: what a model or an algorithm does not have makes no second one."""
    specs: dict[str, RunSpec] = {}
    sources = Sources.of(matrix)
    points = [dict(zip(matrix.grid, values, strict=True)) for values in product(*matrix.grid.values())]
    axes = (matrix.tasks, matrix.models, matrix.algorithms, matrix.frameworks, matrix.seeds, matrix.variants, matrix.deviations)
    for point, (task, model, algorithm, framework, seed, variant, row) in product(points, product(*axes)):
        if MODELS[model].hamiltonian is None:
            algorithm = "bptt"  # without a recurrent state both algorithms are ordinary backpropagation
        if not MODELS[model].trained:
            framework = "numpy"
        if row in NONLINEAR and MODELS[model].hamiltonian != "nonlinear":
            row = 0  # the switch is none of this unit's
        own = point
        if str(point.get("algorithm", sources.protocol.algorithms[algorithm])) in NUDGELESS:
            own = {name: value for name, value in point.items() if name != "nudge"}  # one run, not one per nudge
        spec = resolve(matrix, sources, (task, model, algorithm, framework, seed, variant, row), own)
        specs[spec.run_id] = spec
    return list(specs.values())
