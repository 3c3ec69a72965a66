"""What a configuration sets beyond its protocol and task is named."""

from pathlib import Path

import pytest
import yaml

from rhelbench.config import expand, overrides
from rhelbench.registry import DEVIATIONS

SMOKE = yaml.safe_load(Path("config/smoke.yaml").read_text())


@pytest.mark.parametrize("protocol", ["released", "exact"])
def test_each_row_of_the_deviations_turns_its_own_switch_alone(protocol: str) -> None:
    rows = {"protocol": protocol, "algorithms": ["rhel"], "frameworks": ["jax"], "seeds": [1], "tasks": ["Heartbeat"]}
    for model in ("linear", "nonlinear"):
        for row, entry in DEVIATIONS.items():
            (spec,) = expand.expand(expand.parse(SMOKE | rows | {"models": [model], "deviations": [row]}, "here"))
            turned = {part.partition("=")[0] for part in overrides.overridden_settings(spec).split(",") if part}
            assert turned == (set() if entry.of_released_step and model != "nonlinear" else set(entry.switches)), (model, row)


def test_what_a_configuration_sets_is_named() -> None:
    own = {
        "lr": 1e-3,
        "steps": 80,
        "chunk_steps": 20,
        "eval_every": 40,
        "nudge": {"mode": "absolute", "size": 0.1},
        "kernel": "portable",
    }
    names = {overrides.overridden_settings(spec) for spec in expand.expand(expand.parse(SMOKE | {"overrides": own}, "here"))}
    assert names == {"lr=0.001,nudge=absolute 0.1,steps=80"}
    for file in ("paper", "smoke"):
        assert {overrides.overridden_settings(spec) for spec in expand.expand(expand.read(f"config/{file}.yaml"))} == {""}
