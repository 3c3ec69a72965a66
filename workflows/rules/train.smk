# One rule per task and framework: its jobs ask for the same resources, and its process knows one framework. A job writes its records and exits 0 for every end of a run's own, `failed` included; `train` resumes.
# With seeds_per_job, one rule per pack of seeds instead, whose records are its outputs.
JOBS = {}
for seeds in pack.packs(list(SPECS.values()), MATRIX.seeds_per_job):
    spec, ids = seeds[0], [seed.run_id for seed in seeds]
    job = f"train_{spec.task}_{spec.framework}"
    if len(ids) > 1:
        JOBS[f"{job}_{ids[0].rsplit('-')[-1]}"] = spec, ids, ids
    else:
        JOBS.setdefault(job, (spec, [], ["{run_id}"]))[1].append(ids[0])

# What a framework's process finds in its environment; FRAMEWORK chooses `.venv-FRAMEWORK` (common.smk).
SETTINGS = {
    name: " ".join(
        f"{key}={value}"
        for key, value in (
            *((("FRAMEWORK", name),) if entry.trains else ()),
            *entry.environment,
        )
    )
    for name, entry in registry.FRAMEWORKS.items()
}


def gpu_of(framework):
    """The GPU that a framework's jobs ask for; none where the configuration trains on a CPU."""
    wanted = registry.FRAMEWORKS[framework].trains and MATRIX.device != "cpu"
    return GPU if wanted else {}


def device_of(framework):
    """The option that makes a job end at once where its framework does not find what was asked for."""

    # Asked when Snakemake knows its executor; the Snakemake that runs a job on its node has a local one. A function of the
    # output, whose change re-runs nothing: what was made on a cluster is not made again by a call without it.
    def option(wildcards, output):
        asked = MATRIX.device
        if asked == "auto":
            elsewhere = workflow.non_local_exec or workflow.remote_exec
            asked = "cuda" if elsewhere and GPU else ""
        return (
            f"--device {asked}"
            if asked and registry.FRAMEWORKS[framework].trains
            else ""
        )

    return option


# Must pass on the machine that trains, before anything is trained there. Prints the device it got.
rule verify_framework:
    output:
        "results/verify/{framework}.json",
    log:
        "logs/verify/{framework}.log",
    container:
        lambda wildcards: f"containers/{wildcards.framework}.sif"
    threads: need("verify_framework", "cores")
    resources:
        **(GPU if MATRIX.device != "cpu" else {}),
        mem_mb=need("verify_framework", "mem_mb"),
        runtime=need("verify_framework", "runtime"),
    params:
        code=lambda wildcards: code_of(wildcards.framework),
        settings=lambda wildcards: SETTINGS[wildcards.framework],
        device=lambda wildcards, output: device_of(wildcards.framework)(
            wildcards, output
        ),
    shell:
        "{params.settings} OMP_NUM_THREADS={threads} NPROC={threads} "
        "rhelbench verify --framework {wildcards.framework} {params.device} --out {output} 2>&1 | tee {log}"


def packing_of(spec):
    """How the runs of a pack share their job; a framework without a program over seeds takes processes."""
    known = MATRIX.packing != "vectorised" or registry.FRAMEWORKS[spec.framework].pack
    return MATRIX.packing if known else "processes"


def at_once(spec, folders):
    """How many of a job's runs are trained at the same time."""
    return 1 if packing_of(spec) == "in_turn" else len(folders)


for name, (spec, run_ids, folders) in JOBS.items():

    rule:
        name:
            name
        input:
            facts=f"{DATA}/prepared/{spec.task}/facts.json",
            checked=checked(spec.framework),
        output:
            [f"{RUNS}/{folder}/record.json" for folder in folders],
        log:
            f"logs/train/{folders[0]}.log",
        wildcard_constraints:
            run_id="|".join(run_ids),
        localrule: not registry.FRAMEWORKS[spec.framework].trains
        container:
            f"containers/{spec.framework}.sif"
        threads: need("train", "cores", spec.task, at_once(spec, folders))
        resources:
            **gpu_of(spec.framework),
            mem_mb=need("train", "mem_mb", spec.task, at_once(spec, folders)),
            runtime=need(
                "train", "runtime", spec.task, len(folders) // at_once(spec, folders)
            ),
        params:
            specs=specs_of,
            code=code_of(spec.framework),
            settings=SETTINGS[spec.framework],
            device=device_of(spec.framework),
            attempt=attempts(run_ids),
            packing=f"--packing {packing_of(spec)}" if len(folders) > 1 else "",
        shell:
            "{params.settings} OMP_NUM_THREADS={threads} NPROC={threads} "
            "rhelbench train --wait {params.device} {params.packing} {params.specs:q} 2> >(tee {log} >&2)"
