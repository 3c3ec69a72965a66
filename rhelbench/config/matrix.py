"""A configuration file as data, before its names are looked up."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from rhelbench import BENCHMARK_VERSION
from rhelbench.config.protocols import version_order
from rhelbench.errors import UserError
from rhelbench.registry import Packing
from rhelbench.spec import Frozen, Variant

#: Snakemake's options for settings, by name.
_OPTIONS = {"--config": "--config", "-C": "--config", "--configfile": "--configfile", "--configfiles": "--configfile"}
Values = Annotated[list[Any], Field(min_length=1)]


class Matrix(Frozen):
    """A configuration file: the wanted runs."""

    name: str
    benchmark: str = Field(BENCHMARK_VERSION, description="Major.Minor whose runs are meant (config/earlier.yaml)")
    protocol: str
    tasks: list[str] = Field(min_length=1)
    models: list[str] = Field(min_length=1)
    algorithms: list[str] = Field(min_length=1)
    frameworks: list[str] = Field(min_length=1)
    seeds: list[int] = Field(min_length=1)
    variants: list[Variant] = Field([Variant()], min_length=1)
    deviations: list[int] = Field([0], min_length=1, description="rows of docs/deviations.md to turn, each alone; 0 is none")
    overrides: dict[str, Any] = Field(default_factory=dict)
    grid: dict[str, Values] = Field(default_factory=dict, description="settings, each with the values it takes in turn")
    mirrors: list[str] = Field(default_factory=list, description="folders or URLs to look for archives first")
    results: Literal["auto", "runs", "published"] = Field("auto", description="where tables and figures read from")
    seeds_per_job: int = Field(1, ge=1, description="runs of one cell, but for the seed, that share a job and its GPU")
    packing: Packing = Field("processes", description="how such runs share it")
    verify: bool = Field(False, description="verify each framework before it trains; on a cluster always")
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="where jobs must train; auto: a GPU where one is asked for"
    )

    @field_validator("name", "protocol")
    @classmethod
    def _names_a_folder(cls, value: str) -> str:
        if not re.fullmatch(r"[\w-][\w.-]*", value, re.ASCII):
            raise ValueError("it names folders: use letters, digits, '_', '-' and '.', without a '.' in front")
        return value

    @field_validator("benchmark")
    @classmethod
    def _has_been(cls, value: str) -> str:
        """Accept this version and earlier ones, whose runs can be shown; later ones are unknown."""
        if not re.fullmatch(r"\d+\.\d+", value) or version_order(value) > version_order(BENCHMARK_VERSION):
            raise ValueError(f"'{value}' is none of the versions up to {BENCHMARK_VERSION}, which is installed")
        return value

    @field_validator("tasks", "models", "algorithms", "frameworks", mode="before")
    @classmethod
    def _names_are_text(cls, value: Any, info: ValidationInfo) -> Any:
        """Reject ``2018``, ``Inf`` and ``no`` without quotes, which YAML reads as numbers and false."""
        for one in value if isinstance(value, list) else []:
            if not isinstance(one, str):
                raise ValueError(
                    f"{one!r} is no text: put a name that looks like it in quotes, on the command line {info.field_name}='[NAME]'"
                )
        return value

    @field_validator("tasks", "models", "algorithms", "frameworks", "seeds", "deviations", "mirrors", mode="before")
    @classmethod
    def _one_is_a_list_of_one(cls, value: Any, info: ValidationInfo) -> Any:
        """Convert a single value, as in ``--config tasks=Heartbeat`` or ``seeds=1``, to a list."""
        if value is None:
            raise ValueError("it is empty: give one or several, or leave the key out")
        if isinstance(value, str) and "," in value:
            raise ValueError(f"several are written {info.field_name}='[{value}]'")
        return value if isinstance(value, list) else [value]


def refuse_repetition(words: Sequence[str]) -> None:
    """Reject a command line with a repeated setting, of which Snakemake would silently use the last.

    Args:
        words: the command line.

    Raises:
        UserError: an option or a key is repeated.
    """
    given = dict.fromkeys(_OPTIONS.values(), 0)
    keys, option = list[str](), None
    for word in words:
        name, _, rest = word.partition("=")
        if name in _OPTIONS and (rest or name == word):
            option, word = _OPTIONS[name], rest
            given[option] += 1
        elif word.startswith("-"):
            option = None
        if option == "--config" and word:
            keys.append(word.partition("=")[0])
    if twice := [name for name, count in given.items() if count > 1]:
        raise UserError(f"{twice[0]} is given twice, and Snakemake would take the last alone: write all behind one {twice[0]}.")
    if again := [key for place, key in enumerate(keys) if key in keys[:place]]:
        raise UserError(f"--config gives '{again[0]}' twice, and Snakemake would take the last alone: keep one of them.")
