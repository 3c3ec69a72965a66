"""The specification of one run: validated, canonical, named by its hash."""

import hashlib
import json
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from rhelbench import BENCHMARK_VERSION
from rhelbench.registry import ALGORITHMS, FRAMEWORKS, INTEGRATORS, MODELS

Positive = Annotated[int, Field(gt=0)]
#: Version of the specification's format; BENCHMARK_VERSION is the version of the results.
FORMAT = 2
#: Names of the models in format 1.
MODELS_OF_FORMAT_1 = {"linear": "linear-complex", "linear-real": "linear"}


def _registered(registry: Iterable[str]) -> AfterValidator:
    """Return a validator that a name is registered."""

    def check(name: str) -> str:
        if name not in registry:
            raise ValueError(f"'{name}' is none of {', '.join(registry)}")
        return name

    return AfterValidator(check)


ModelName = Annotated[str, _registered(MODELS)]
AlgorithmName = Annotated[str, _registered(ALGORITHMS)]
IntegratorName = Annotated[str, _registered(INTEGRATORS)]
FrameworkName = Annotated[str, _registered(FRAMEWORKS)]


class Frozen(BaseModel):
    """Base of every specification: immutable, no unknown keys, no silent conversion."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Hyperparameters(Frozen):
    """Sizes of the model and settings of the optimiser (paper, appendix; config/hyperparameters.yaml)."""

    lr: Annotated[float, Field(gt=0)]
    blocks: Positive
    hidden: Positive
    state: Positive
    batch: Positive
    dropout: Annotated[float, Field(ge=0, lt=1)]
    time_channel: bool


class Budget(Frozen):
    """When a run evaluates, stops and can be interrupted, in optimiser steps and seconds."""

    steps: Positive
    eval_every: Positive
    patience: Positive
    time_limit_s: Annotated[float, Field(gt=0)]
    chunk_steps: Positive


#: Largest relative ε: if g is near float32's smallest numbers, ρ/‖g‖ would overflow.
LARGEST = 2.0**100
#: Smallest effective steepness: a unit with all w near 0 is linear in φ, where any ε is exact.
FLATTEST = 2.0**-20


class Nudge(Frozen):
    """Nudge strength ε of the echo, per sample.

    Absolute: ε = size. Relative: ρ = size, which is independent of the loss's scale.
    ε_n = ρ / (max(s, FLATTEST) · sqrt(Σ_k mean_p g²_{k,n,p})), with s the Hamiltonian's steepness (max|w|) and
    g = dL/dφ. ε is at most LARGEST, and 1 where g = 0. Oracle and frameworks follow this for any size of g:
    squares are summed in float64, or scaled.
    """

    mode: Literal["absolute", "relative"]
    size: Annotated[float, Field(gt=0)]


class Switches(Frozen):
    """All switches between the released code and the theorems, resolved for one run (docs/deviations.md)."""

    algorithm: AlgorithmName
    integrator: IntegratorName
    nudge: Nudge
    c_squash: Literal[1, 2]
    delta_init: Annotated[float, Field(gt=0)]
    delta_trained: bool
    loss: Literal["cross_entropy", "log_offset"]
    norm: Literal["batch", "ema_released"]
    dropout_mask: Literal["per_sample", "per_batch"]
    split: Literal["content_hash", "released", "archive"]
    batches: Literal["every_complete", "drop_further"]
    # Later switches are excluded at the value of all earlier runs, whose names thus stay the same.
    loss_factor: Annotated[float, Field(gt=0, exclude_if=lambda value: value == 1)] = 1.0
    last_tie: Annotated[Literal["kept", "dropped"], Field(exclude_if=lambda value: value == "kept")] = "kept"


class Variant(Frozen):
    """Deliberate perturbations for the noise floor; zero means the plain run."""

    perturbation: Annotated[int, Field(ge=0)] = 0
    dropout_stream: Annotated[int, Field(ge=0)] = 0


class RunSpec(Frozen):
    """Everything that determines a run's result, and nothing else.

    Example:
        >>> spec.run_id  # doctest: +SKIP
        'BasicMotions-linear-rhel-jax-exact-2345-1f2e3d4c'
    """

    format: Literal[2] = FORMAT
    benchmark: str = BENCHMARK_VERSION
    task: str
    model: ModelName
    algorithm: AlgorithmName
    framework: FrameworkName
    protocol: str
    seed: Annotated[int, Field(ge=0)]
    hyper: Hyperparameters
    budget: Budget
    switches: Switches
    variant: Variant = Variant()
    dtype: Literal["float32", "float64"]
    kernel: Literal["auto", "portable", "fused"] = "auto"

    @classmethod
    def read(cls, content: dict[str, Any]) -> Self:
        """Return the specification in a file's content, in this format or an earlier one.

        Args:
            content: the parsed JSON; without ``format`` it is format 1, whose names are translated.

        Raises:
            ValidationError: it is no specification.
        """
        if isinstance(content, dict) and "format" not in content:
            models = {old: new for new, old in MODELS_OF_FORMAT_1.items()}
            content = content | {"format": FORMAT, "model": models.get(str(content.get("model")), content.get("model"))}
        return cls.model_validate(content)

    def canonical_json(self) -> str:
        """Return JSON with sorted keys and no spaces: equal specifications have equal bytes."""
        return _canonical(self.model_dump(mode="json"))

    @property
    def identity(self) -> str:
        """SHA-256 of the specification in format 1, so that renaming a model does not change the run."""
        content = self.model_dump(mode="json", exclude={"format"})
        content["model"] = MODELS_OF_FORMAT_1.get(self.model, self.model)
        return hashlib.sha256(_canonical(content).encode()).hexdigest()

    @property
    def run_id(self) -> str:
        """A readable prefix and the first eight hexadecimal digits of the identity."""
        prefix = (self.task, self.model, self.algorithm, self.framework, self.protocol, str(self.seed))
        return "-".join((*prefix, self.identity[:8]))


def _canonical(content: dict[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
