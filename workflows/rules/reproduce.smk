# Retrain one random published run and compare; `python -m rhelbench reproduce RUN_ID` takes a specific one.
# The rule has no output, so it always runs.
from rhelbench.records import publish

PUBLISHED_TASKS = sorted({spec.task for spec in publish.specs(publish.configurations())})


rule reproduce_check:
    name:
        "reproduce-check"
    input:
        expand("{data}/prepared/{task}/facts.json", data=DATA, task=PUBLISHED_TASKS),
    log:
        "logs/reproduce.log",
    shell:
        "JAX_COMPILATION_CACHE_DIR=.cache/jax rhelbench reproduce --out results/reproduced.csv 2> >(tee {log} >&2)"
