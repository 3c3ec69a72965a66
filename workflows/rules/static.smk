# The studies that need no training, computed anew beside the published tables, which the figures are drawn from.
from rhelbench.studies import STUDIES, static_gradients

STATIC = "results/static"


localrules:
    static,


# The tables of a study are written first, its facts last.
rule study:
    input:
        lambda wildcards: (
            f"{DATA}/prepared/{static_gradients.TASK}/facts.json"
            if wildcards.study == "static_gradients"
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
