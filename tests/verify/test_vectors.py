"""Both frameworks against vectors made by the public RHEL code; `verify --vectors tests/golden` reads all of them."""

from importlib import import_module
from pathlib import Path

import pytest

from rhelbench.registry import FRAMEWORKS
from rhelbench.verify import golden, vectors

FILES = {file.name: file for file in golden.load(Path("tests/golden"))}
TRAINED = [name for name in FRAMEWORKS if name != "numpy"]
#: One unit of each kind; the released rule, biases included, and what BPTT and the theorem's rule must reach.
UNITS = ("lin_layer_complex_L64_H4_P8", "nonlin_layer_official_step0.1_L64_H4_P8", "nonlin_layer_paper_step0.1_L5_H2_P3")
#: Whole stacks under the released rule: one tag, since every tag is a compilation of its own.
STACKS = ("model_LinHRU_complex_cls", "model_NonlinHRU_reg_step0.1")


@pytest.mark.parametrize("framework", TRAINED)
@pytest.mark.parametrize("name", UNITS)
def test_a_unit_reaches_the_vectors(framework, name):
    rows = list(vectors.check_layer(FILES[name], import_module(FRAMEWORKS[framework].learner).unit_gradients))
    assert rows
    assert not [row for row in rows if row.status != "ok"]


@pytest.mark.parametrize("framework", TRAINED)
@pytest.mark.parametrize("name", STACKS)
def test_a_stack_reaches_the_vectors_of_the_released_rule(framework, name):
    rows = list(vectors.check_model(FILES[name], import_module(FRAMEWORKS[framework].learner).make_learner, ("rhel_e1e-1",)))
    assert rows
    assert not [row for row in rows if row.status == "failed"]
    assert {row.name for row in rows if row.status == "skipped"} <= {"start, rhel_released"}
