"""Expand a configuration file into its list of runs, and reject invalid configurations."""

import json
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kernels.passes import find
from rhelbench import files
from rhelbench.config.hyperparameters import SETTINGS, TRAINERS, read_hyperparameters, resolve_kernel, select_settings
from rhelbench.config.matrix import Matrix
from rhelbench.config.protocols import CONFIG, Protocol, counterpart, protocol_names, read_protocol, resolve_switches
from rhelbench.errors import UserError, check_names, first_error, invalid_value, unknown_name
from rhelbench.registry import ALGORITHMS, DEVIATIONS, HAMILTONIANS, MODELS
from rhelbench.spec import Budget, Frozen, Hyperparameters, RunSpec, Switches, Variant
from rhelbench.tasks import card
from rhelbench.tasks.splits import CUTS


def parse(config: dict[str, Any], where: str) -> Matrix:
    """Validate a configuration.

    Args:
        config: the loaded YAML, merged with command-line settings.
        where: source of the configuration, for the error message.

    Raises:
        UserError: a misspelt key, an empty list, an unknown name, two algorithms where one is set for both.
    """
    try:
        matrix = Matrix.model_validate(config)
    except ValidationError as error:
        kind, (*outer, key), _ = first_error(error)
        if kind == "extra_forbidden" and outer:  # only variants have nested keys
            raise unknown_name(f"key in {where}, variants:", key, list(Variant.model_fields)) from error
        if kind == "extra_forbidden":
            raise unknown_name(f"key in {where}:", key, list(Matrix.model_fields)) from error
        raise invalid_value(f"{where}:", error, "see config/README.md") from error
    for kind, values, known in (
        ("protocol", [matrix.protocol], protocol_names()),
        ("task", matrix.tasks, card.task_names()),
        ("model", matrix.models, list(MODELS)),
        ("algorithm", matrix.algorithms, list(ALGORITHMS)),
        ("framework", matrix.frameworks, TRAINERS),
        ("row of docs/deviations.md", list(map(str, matrix.deviations)), list(map(str, DEVIATIONS))),
        ("key in overrides:", list(matrix.overrides), SETTINGS),
        ("key in grid:", list(matrix.grid), SETTINGS),
    ):
        check_names(kind, values, known)
    if "algorithm" in matrix.overrides | matrix.grid and len(set(matrix.algorithms)) > 1:
        raise UserError(
            f"{where}: with 'algorithm' in overrides or grid all of algorithms would train the same; "
            "list one, as config/trained.yaml does."
        )
    return matrix


def load(path: str | Path) -> dict[str, Any]:
    """Read a configuration file without validating its keys.

    Raises:
        UserError: the file is missing, is not YAML, or is no mapping.
    """
    found = files.find(Path(path))
    if not found.exists():
        known = ", ".join(f"{CONFIG}/{name}.yaml" for name in files.find_all(CONFIG, ".yaml"))
        raise UserError(f"No configuration {path}: choose one of {known}.")
    return files.read_mapping(found)


def read(path: str | Path) -> Matrix:
    """Read and validate a configuration file (errors: see ``load`` and ``parse``)."""
    return parse(load(path), str(path))


def from_json(text: str) -> Matrix:
    """Validate a configuration in JSON (further errors: see ``parse``).

    Raises:
        UserError: it is not JSON, or no mapping.
    """
    try:
        given = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(f"--config-json is not JSON ({error}); correct it.") from error
    if not isinstance(given, dict):
        raise UserError("--config-json must hold keys and values, see config/README.md.")
    return parse(given, "--config-json")


@dataclass(frozen=True)
class Sources:
    """The files behind a matrix, read once: its protocol, the hyperparameters, its tasks' dataset cards."""

    protocol: Protocol
    hyperparameters: dict[str, Any]
    cards: dict[str, card.Card]

    @classmethod
    def of(cls, matrix: Matrix) -> "Sources":
        """Read the files that ``matrix`` names."""
        cards = {task: card.load(task) for task in matrix.tasks}
        return cls(read_protocol(matrix.protocol, matrix.benchmark), read_hyperparameters(matrix.benchmark), cards)


def resolve(
    matrix: Matrix,
    sources: Sources,
    cell: tuple[str, str, str, str, int, Variant, int],
    point: dict[str, Any],
) -> RunSpec:
    """Resolve one run of the matrix into a complete RunSpec.

    Args:
        matrix: the configuration.
        sources: the files behind it.
        cell: (task, model, algorithm, framework, seed, variant, row of docs/deviations.md to change, 0: none).
        point: settings of the matrix's grid, which take precedence over its overrides.

    Raises:
        UserError: a value of the wrong kind, no fused kernel, or a batch larger than the training part.
    """
    task, model, algorithm, framework, seed, variant, row = cell
    protocol, facts = sources.protocol, sources.cards[task]
    values = select_settings(sources.hyperparameters, task, model) | matrix.overrides | point
    switches = resolve_switches(protocol, facts.length, algorithm, model)
    if row:
        turned = resolve_switches(read_protocol(counterpart(matrix.protocol), matrix.benchmark), facts.length, algorithm, model)
        switches |= {name: turned[name] for name in DEVIATIONS[row].switches}
    chosen = resolve_kernel(values.get("kernel", "auto"), framework)

    def pick(kind: type[Frozen]) -> dict[str, Any]:
        return {key: values[key] for key in kind.model_fields if key in values}

    try:
        names = {"task": task, "model": model, "algorithm": algorithm, "framework": framework, "protocol": matrix.protocol}
        parts = {"hyper": pick(Hyperparameters), "budget": pick(Budget), "switches": switches | pick(Switches)}
        parts |= {"dtype": values.get("dtype", protocol.dtype), "kernel": chosen if MODELS[model].hamiltonian else "portable"}
        spec = RunSpec.model_validate({**names, "benchmark": matrix.benchmark, "seed": seed, "variant": variant, **parts})
    except ValidationError as error:
        raise invalid_value(f"{task}/{model}: setting", error, "see config/README.md") from error
    if spec.kernel == "fused":
        try:
            find(str(MODELS[model].hamiltonian), spec.switches.integrator, spec.switches.algorithm)
        except UserError as error:
            raise UserError(f"{task}/{model}: {error}") from error
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


def _released_step(model: str) -> bool:
    name = MODELS[model].hamiltonian
    return name is not None and HAMILTONIANS[name].released_step


def expand(matrix: Matrix) -> list[RunSpec]:
    """Return all runs of the matrix, without duplicates.

    Settings that a model or an algorithm does not use create no further run.
    """
    specs: dict[str, RunSpec] = {}
    sources = Sources.of(matrix)
    points = [dict(zip(matrix.grid, values, strict=True)) for values in product(*matrix.grid.values())]
    axes = (matrix.tasks, matrix.models, matrix.algorithms, matrix.frameworks, matrix.seeds, matrix.variants, matrix.deviations)
    for point, (task, model, algorithm, framework, seed, variant, row) in product(points, product(*axes)):
        if MODELS[model].hamiltonian is None:
            algorithm = "bptt"  # without a state, both algorithms are ordinary backpropagation
        if not MODELS[model].trained:
            framework = "numpy"
        if DEVIATIONS[row].of_released_step and not _released_step(model):
            row = 0  # the switch does not concern this unit
        own, set_for_all = point, matrix.overrides | point
        rule = str(set_for_all.get("algorithm", sources.protocol.algorithms.get(algorithm, algorithm)))
        if rule in ALGORITHMS and not ALGORITHMS[rule].needs_nudge:
            own = {name: value for name, value in point.items() if name != "nudge"}  # one run, not one per nudge
        spec = resolve(matrix, sources, (task, model, algorithm, framework, seed, variant, row), own)
        specs[spec.run_id] = spec
    return list(specs.values())
