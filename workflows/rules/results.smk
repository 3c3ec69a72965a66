# Tables, figures and pages from records. Each rule is one command; a change of its code's digest re-runs it.
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
INDEX = [f"results/{file}" for file in ("index.html", "claims.md", "deviations.md")]
PAGES = [*CLAIMS, *INDEX]
# Evidence from other commands: parity tests, benchmarks, studies, small matrices of single figures.
EVIDENCE = [
    str(file)
    for pattern in (
        "parity.json",
        "benchmarks/*.csv",
        "static/*.csv",
        "*/runs.csv",
        f"*/{published.HISTORIES}",
    )
    for file in sorted(PUBLISHED.glob(pattern))
]


# A few seconds each, so they run locally.
localrules:
    collect,
    make_tables,
    make_figures,
    judge_claims,
    make_page,


rule collect:
    input:
        records_to_collect,
    output:
        runs=f"{COLLECTED}/runs.csv",
        history=f"{COLLECTED}/history.csv",
        contents=f"{COLLECTED}/contents",
    log:
        f"logs/collect/{NAME}.log",
    params:
        matrix=MATRIX.model_dump_json(),
        folder=lambda wildcards, output: Path(output.runs).parent,
        contents=lambda wildcards, output: contents(),
        changed=changed,
        code=command("collect"),
    shell:
        "rhelbench collect --config-json {params.matrix:q} --out {params.folder} 2> >(tee {log} >&2); "
        "printf %s {params.contents} > {output.contents}"


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
        out=lambda wildcards, output: Path(output[0]).parent,
        code=command("tables", "paper_figures"),
    shell:
        "rhelbench tables --collected {params.collected} --out {params.out} 2> >(tee {log} >&2)"


rule make_figures:
    input:
        unpack(tidy),
        evidence=EVIDENCE,
    output:
        captioned("Figures", [file for file in FIGURES if file.endswith(".png")]),
        [file for file in FIGURES if not file.endswith(".png")],
    log:
        f"logs/figures/{NAME}.log",
    params:
        collected=lambda wildcards, input: Path(input.runs).parent,
        out=lambda wildcards, output: Path(output[0]).parent,
        code=command("figures", "paper_figures"),
    shell:
        "rhelbench figures --collected {params.collected} --out {params.out} 2> >(tee {log} >&2)"


rule judge_claims:
    input:
        unpack(tidy),
        evidence=EVIDENCE,
        protocols=[
            str(files.find(Path(f"config/protocols/{name}.yaml")))
            for name in ("exact", "released")
        ],
    output:
        captioned("Claims", [file for file in CLAIMS if file.endswith(".md")]),
        [file for file in CLAIMS if not file.endswith(".md")],
    log:
        f"logs/claims/{NAME}.log",
    params:
        collected=lambda wildcards, input: Path(input.runs).parent,
        out=lambda wildcards, output: Path(output[0]).parent,
        code=command("claims"),
    shell:
        "rhelbench claims --collected {params.collected} --out {params.out} 2> >(tee {log} >&2)"


rule make_page:
    input:
        unpack(tidy),
        claims=CLAIMS,
        figures=FIGURES,
    output:
        page=INDEX[0],
        markdown=INDEX[1:],
    log:
        f"logs/page/{NAME}.log",
    params:
        collected=lambda wildcards, input: Path(input.runs).parent,
        claims=lambda wildcards, input: Path(input.claims[0]).parent,
        figures=lambda wildcards, input: Path(input.figures[0]).parent,
        code=command("page"),
    shell:
        "rhelbench page --collected {params.collected} --claims {params.claims} --figures {params.figures} --out {output.page} "
        "2> >(tee {log} >&2)"
