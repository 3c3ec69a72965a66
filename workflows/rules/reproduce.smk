# One published run, chosen at random, is trained again and compared; `python -m rhelbench reproduce RUN_ID` takes a given one.
# Without an output it always runs.
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
