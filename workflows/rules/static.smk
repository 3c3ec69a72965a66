# The studies beside the matrix, computed anew beside the published tables, which the figures are drawn from.
from rhelbench.studies import STUDIES, along_run, static_gradients

STATIC = "results/static"
STUDIED = {"along_run": along_run.TASK, "static_gradients": static_gradients.TASK}


localrules:
    static,


# The tables of a study are written first, its facts last.
rule study:
    input:
        lambda wildcards: (
            f"{DATA}/prepared/{STUDIED[wildcards.study]}/facts.json"
            if wildcards.study in STUDIED
            else []
        ),
    output:
        f"{STATIC}/{{study}}.json",
    log:
        "logs/static/{study}.log",
    threads: need("study", "cores")
    resources:
        mem_mb=need("study", "mem_mb"),
        runtime=need("study", "runtime"),
    params:
        code=package_digest("rhelbench.studies"),
        out=lambda wildcards, output: Path(output[0]).parent,
    shell:
        "OMP_NUM_THREADS={threads} rhelbench static {wildcards.study} --out {params.out} > {log} 2> >(tee -a {log} >&2)"


rule static:
    input:
        expand(f"{STATIC}/{{study}}.json", study=STUDIES),
