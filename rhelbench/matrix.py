"""A configuration file as data: which runs are wanted, before its names are looked up."""

import re
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from rhelbench import BENCHMARK_VERSION
from rhelbench.registry import Packing
from rhelbench.spec import Frozen, Variant
from rhelbench.switches import order

Values = Annotated[list[Any], Field(min_length=1)]


class Matrix(Frozen):
    """A configuration file: which runs are wanted."""

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

    @field_validator("name")
    @classmethod
    def _names_a_folder(cls, value: str) -> str:
        if not re.fullmatch(r"[\w-][\w.-]*", value, re.ASCII):
            raise ValueError("it names folders: use letters, digits, '_', '-' and '.', without a '.' in front")
        return value

    @field_validator("benchmark")
    @classmethod
    def _has_been(cls, value: str) -> str:
        """Runs of an earlier version can be shown; those of a later one are unknown here."""
        if not re.fullmatch(r"\d+\.\d+", value) or order(value) > order(BENCHMARK_VERSION):
            raise ValueError(f"'{value}' is none of the versions up to {BENCHMARK_VERSION}, which is installed")
        return value

    @field_validator("tasks", "models", "algorithms", "frameworks", "seeds", "deviations", "mirrors", mode="before")
    @classmethod
    def _one_is_a_list_of_one(cls, value: Any, info: ValidationInfo) -> Any:
        """``--config tasks=Heartbeat`` arrives as a string, ``seeds=1`` as a number: both mean a list of one."""
        if isinstance(value, str) and "," in value:
            raise ValueError(f"several are written {info.field_name}='[{value}]'")
        return value if isinstance(value, list) else [value]
