# The studies that need no training, computed anew beside the published tables, which the figures are drawn from.
from rhelbench.studies import STUDIES

STATIC = "results/static"
STATIC_TABLES = sorted(map(str, Path("results/published/static").glob("*.csv")))


localrules:
    static,


# The tables of a study are written first, its facts last.
rule study:
    output:
        f"{STATIC}/{{study}}.json",
    log:
        "logs/static/{study}.log",
    threads: 1
    resources:
        mem_mb=8192,
    params:
        code=package_digest("rhelbench.studies"),
    shell:
        "OMP_NUM_THREADS={threads} {PYTHON} static {wildcards.study} --out {STATIC} > {log} 2> >(tee -a {log} >&2)"


rule static:
    input:
        expand(f"{STATIC}/{{study}}.json", study=STUDIES),
