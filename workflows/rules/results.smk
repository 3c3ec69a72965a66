# From records to tidy results, tables, figures and pages. Each rule is one command; a digest of its code re-runs it.
TABLE_FILES = [
    "table1.csv",
    "table1.md",
    "table1.tex",
    "table2.csv",
    "table2.md",
    "table2.tex",
    "summary.csv",
    "summary.txt",
]
TABLES = [f"results/tables/{NAME}/{file}" for file in TABLE_FILES]
FIGURES = [
    f"results/figures/{NAME}/{figure}.{kind}"
    for figure in registry.FIGURES
    for kind in ("png", "svg")
]
CLAIMS = [
    f"results/claims/{NAME}/{file}"
    for file in ("claims.md", "claims.csv", "deviations.md")
]
PAGES = [*CLAIMS, "results/index.html"]


def tidy(wildcards):
    """The tidy results to draw from: our own runs, or the published ones where nothing has been run."""
    own = MATRIX.results == "runs" or (
        MATRIX.results == "auto" and records_to_collect(wildcards)
    )
    folder = COLLECTED if own else "results/published"
    return {"runs": f"{folder}/runs.csv", "history": f"{folder}/history.csv"}


rule collect:
    input:
        records_to_collect,
    output:
        runs=f"{COLLECTED}/runs.csv",
        history=f"{COLLECTED}/history.csv",
    log:
        f"logs/collect/{NAME}.log",
    params:
        matrix=MATRIX.model_dump_json(),
        folder=COLLECTED,
        code=package_digest("rhelbench.records"),
    shell:
        "{PYTHON} collect --config-json {params.matrix:q} --results {RUNS} --out {params.folder} 2> >(tee {log} >&2)"


def captioned(kind, files):
    """Mark files for Snakemake's report: each has its caption in workflows/report/<stem>.rst."""
    marked = []
    for file in files:
        caption, labels = f"../report/{Path(file).stem}.rst", {
            "matrix": NAME,
            "name": Path(file).stem,
        }
        marked.append(report(file, caption=caption, category=kind, labels=labels))
    return marked


rule make_tables:
    input:
        unpack(tidy),
    output:
        captioned("Tables", [file for file in TABLES if file.endswith(".csv")]),
        [file for file in TABLES if not file.endswith(".csv")],
    log:
        f"logs/tables/{NAME}.log",
    params:
        collected=lambda wildcards, input: Path(input.runs).parent,
        out=f"results/tables/{NAME}",
        code=package_digest("rhelbench.stats"),
    shell:
        "{PYTHON} tables --collected {params.collected} --out {params.out} 2> >(tee {log} >&2)"


rule make_figures:
    input:
        unpack(tidy),
        static=STATIC_TABLES,
    output:
        captioned("Figures", [file for file in FIGURES if file.endswith(".png")]),
        [file for file in FIGURES if not file.endswith(".png")],
    log:
        f"logs/figures/{NAME}.log",
    params:
        collected=lambda wildcards, input: Path(input.runs).parent,
        out=f"results/figures/{NAME}",
        code=[package_digest("rhelbench.plotting"), package_digest("paper_figures")],
    shell:
        "{PYTHON} figures --collected {params.collected} --out {params.out} 2> >(tee {log} >&2)"


rule judge_claims:
    input:
        unpack(tidy),
        deviations="docs/deviations.md",
        protocols=[f"config/protocols/{name}.yaml" for name in ("exact", "released")],
    output:
        captioned("Claims", [file for file in CLAIMS if file.endswith(".md")]),
        [file for file in CLAIMS if not file.endswith(".md")],
    log:
        f"logs/claims/{NAME}.log",
    params:
        collected=lambda wildcards, input: Path(input.runs).parent,
        out=f"results/claims/{NAME}",
        code=[package_digest("rhelbench.stats"), package_digest("rhelbench.oracle")],
    shell:
        "{PYTHON} claims --collected {params.collected} --out {params.out} 2> >(tee {log} >&2)"


rule make_page:
    input:
        unpack(tidy),
        claims=CLAIMS,
        figures=FIGURES,
    output:
        "results/index.html",
    log:
        f"logs/page/{NAME}.log",
    params:
        collected=lambda wildcards, input: Path(input.runs).parent,
        claims=f"results/claims/{NAME}",
        figures=f"results/figures/{NAME}",
        code=[package_digest("rhelbench.page"), package_digest("rhelbench.stats")],
    shell:
        "{PYTHON} page --collected {params.collected} --claims {params.claims} --figures {params.figures} --out {output} "
        "2> >(tee {log} >&2)"
