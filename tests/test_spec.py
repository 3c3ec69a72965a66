"""One run as data: its format, its identity, and the names that an earlier format had."""

import json
import re

import pytest
from pydantic import ValidationError

from rhelbench.registry import MODELS
from rhelbench.spec import FORMAT, MODELS_OF_FORMAT_1, RunSpec

#: A specification as format 1 wrote it, and the identity that it had in a run's name.
WRITTEN = json.loads("""{
 "benchmark": "0.2", "task": "order-500", "model": "linear-complex", "algorithm": "rhel", "framework": "jax",
 "protocol": "exact", "seed": 3,
 "hyper": {"lr": 0.003, "blocks": 2, "hidden": 16, "state": 16, "batch": 32, "dropout": 0.05, "time_channel": false},
 "budget": {"steps": 200, "eval_every": 50, "patience": 10, "time_limit_s": 14400.0, "chunk_steps": 50},
 "switches": {"algorithm": "forward_gradient", "integrator": "leapfrog", "nudge": {"mode": "relative", "size": 0.0001},
  "c_squash": 1, "delta_init": 0.1, "delta_trained": true, "loss": "cross_entropy", "norm": "batch",
  "dropout_mask": "per_sample", "split": "content_hash", "batches": "every_complete"},
 "variant": {"perturbation": 0, "dropout_stream": 0}, "dtype": "float32", "kernel": "portable"}""")
IDENTITY = "339fe714"


def test_a_new_name_makes_no_other_run():
    spec = RunSpec.read(WRITTEN)
    assert spec.model == "linear"
    assert spec.run_id == f"order-500-linear-rhel-jax-exact-3-{IDENTITY}"


def test_todays_format_is_read_as_it_is_written():
    spec = RunSpec.read(WRITTEN)
    written = json.loads(spec.canonical_json())
    assert written["format"] == FORMAT
    assert RunSpec.read(written) == spec


@pytest.mark.parametrize(("then", "now"), [("linear", "linear-real"), ("linear-complex", "linear"), ("nonlinear", "nonlinear")])
def test_models_of_the_first_format(then: str, now: str):
    assert RunSpec.read(WRITTEN | {"model": then}).model == now


def test_models_that_differ_are_different_runs():
    assert set(MODELS_OF_FORMAT_1) <= set(MODELS)
    specs = [RunSpec.read(WRITTEN | {"format": FORMAT, "model": name}) for name in MODELS]
    assert len({spec.identity for spec in specs}) == len(MODELS)


def test_a_format_of_later_date_is_refused():
    with pytest.raises(ValidationError, match=re.compile("format", re.DOTALL)):
        RunSpec.read(WRITTEN | {"format": FORMAT + 1})
