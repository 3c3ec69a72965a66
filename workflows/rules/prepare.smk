# Prepare tasks. `download` is the only rule that needs a network: run it on a host that has one.
ARCHIVED = [task for task in TASKS if card.load(task).source.archive]
SPLIT = configuration.read_protocol(MATRIX.protocol).split


localrules:
    download,
    record_splits,
    prepare,


# A checksum fixes the archive's content, so only its absence matters, not its age.
rule download:
    output:
        f"{DATA}/archives/{{task}}.zip",
    log:
        "logs/download/{task}.log",
    params:
        mirrors=[option for mirror in MATRIX.mirrors for option in ("--mirror", mirror)],
    shell:
        "rhelbench download --task {wildcards.task} {params.mirrors:q} 2> >(tee {log} >&2)"


# Snakemake never removes a store first, since another clone may share it: the command keeps it or replaces it atomically.
rule prepare_task:
    input:
        lambda wildcards: (
            ancient(f"{DATA}/archives/{wildcards.task}.zip")
            if wildcards.task in ARCHIVED
            else []
        ),
    output:
        facts=update(f"{DATA}/prepared/{{task}}/facts.json"),
        page=update(
            report(
                f"{DATA}/prepared/{{task}}/facts.html",
                category="Tasks",
                labels={"task": "{task}", "kind": "facts"},
            )
        ),
        examples=update(f"{DATA}/prepared/{{task}}/examples.png"),
    log:
        "logs/prepare/{task}.log",
    threads: need("prepare_task", "cores")
    resources:
        mem_mb=need("prepare_task", "mem_mb"),
        runtime=need("prepare_task", "runtime"),
    params:
        card=lambda wildcards: card.load(wildcards.task).digest(),
        code=package_digest("rhelbench.tasks"),
    shell:
        "rhelbench prepare --task {wildcards.task} 2> >(tee {log} >&2)"


# Samples of training, validation and test by content: one file per task and kind of split.
rule record_splits:
    input:
        rules.prepare_task.output.facts,
    output:
        f"{DATA}/prepared/{{task}}/splits-{{kind}}.json",
    log:
        "logs/splits/{task}-{kind}.log",
    params:
        seeds=[option for seed in MATRIX.seeds for option in ("--seed", str(seed))],
    shell:
        "rhelbench split --task {wildcards.task} --kind {wildcards.kind} {params.seeds} --out {output} "
        "2> >(tee {log} >&2)"


# The data only: downloaded, verified, prepared, split.
rule prepare:
    input:
        expand(
            f"{DATA}/prepared/{{task}}/{{file}}",
            task=TASKS,
            file=["facts.json", "facts.html"],
        ),
        expand(f"{DATA}/prepared/{{task}}/splits-{SPLIT}.json", task=TASKS),
