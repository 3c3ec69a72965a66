"""rhelbench is framework-neutral: importing any part of it loads no framework, nor anything slow that it may do without."""

import json
import os
import pkgutil
import subprocess
import sys

import rhelbench

#: Modules whose business is to load something on purpose.
PURPOSE = ("rhelbench.wandb.sink", "rhelbench.wandb.workspace", "rhelbench.__main__")
PROGRAM = """
import importlib, json, sys
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
heads = {name.partition(".")[0] for name in sys.modules}
print(json.dumps(sorted(heads & {"jax", "jaxlib", "torch", "impl_jax", "impl_torch", "wandb"})))
"""


def loaded(names):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(names)], capture_output=True, text=True, timeout=120,
        check=True, env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    return json.loads(done.stdout)


def test_no_module_of_rhelbench_loads_a_framework_or_wandb():
    names = [module.name for module in pkgutil.walk_packages(rhelbench.__path__, "rhelbench.", onerror=lambda name: None)]
    names = [name for name in names if name not in PURPOSE]
    assert len(names) > 60
    assert loaded(names) == []


def test_the_test_would_notice():
    assert loaded(["wandb"]) == ["wandb"]
