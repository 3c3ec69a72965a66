"""A protocol says which rule and integrator train."""

from pathlib import Path

import pytest
import yaml

from rhelbench.config import expand

SMOKE = yaml.safe_load(Path("config/smoke.yaml").read_text())


@pytest.mark.parametrize("protocol", ["released", "exact"])
def test_a_protocol_says_what_rhel_is(protocol: str) -> None:
    matrix = expand.parse(SMOKE | {"protocol": protocol, "models": ["linear", "nonlinear"]}, "here")
    rules = {(s.model, s.algorithm): (s.switches.algorithm, s.switches.integrator) for s in expand.expand(matrix)}
    released = protocol == "released"
    assert rules["linear", "rhel"] == ("rhel_released" if released else "rhel", "leapfrog")
    assert rules["nonlinear", "rhel"] == (
        "rhel_released" if released else "rhel",
        "leapfrog_released" if released else "leapfrog",
    )
    assert rules["nonlinear", "bptt"][0] == "bptt"
