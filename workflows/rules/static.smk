# Recompute the studies outside the matrix. Figures use the published tables, which stay unchanged.
from importlib import import_module

from rhelbench.cli.static import code as code_of_study
from rhelbench.studies import STUDIES

STATIC = "results/static"


localrules:
    static,


def studied(wildcards):
    """Return the prepared data of a study's task, if it has one."""
    task = getattr(import_module(STUDIES[wildcards.study]), "TASK", None)
    return f"{DATA}/prepared/{task}/facts.json" if task else []


# A study writes its tables first and its facts last.
rule study:
    input:
        studied,
    output:
        f"{STATIC}/{{study}}.json",
    log:
        "logs/static/{study}.log",
    threads: need("study", "cores")
    resources:
        mem_mb=need("study", "mem_mb"),
        runtime=need("study", "runtime"),
    params:
        code=lambda wildcards: code_of_study(wildcards.study),
        out=lambda wildcards, output: Path(output[0]).parent,
    shell:
        "OMP_NUM_THREADS={threads} rhelbench static {wildcards.study} --out {params.out} > {log} 2> >(tee -a {log} >&2)"


rule static:
    input:
        expand(f"{STATIC}/{{study}}.json", study=STUDIES),
