# One rule per task and framework: its jobs need equal resources, and its process one framework. A job writes its
# records and exits 0 for every regular end of a run, `failed` included. `train` resumes.
# With seeds_per_job there is one rule per group of seeds instead, whose records are its outputs.
# A run to retrain has a separate job: its output is a stamp, and the new record replaces the old one when complete.
JOBS = {}
for seeds in seeds_per_job.group_seeds(list(SPECS.values()), MATRIX.seeds_per_job):
    spec, ids = seeds[0], [seed.run_id for seed in seeds]
    job = f"train_{spec.task}_{spec.framework}"
    stamp = f"{RUNS}/{{run_id}}/attempts/again-{{now}}"
    JOBS.setdefault(f"{job}_again", (spec, [], [touch(stamp)]))[1].extend(ids)
    missing = to_make(ids)
    records = [update(f"{RUNS}/{run_id}/record.json") for run_id in missing]
    if len(ids) > 1 and missing:
        JOBS[f"{job}_{ids[0].rsplit('-')[-1]}"] = spec, missing, records
    elif missing:
        record = update(f"{RUNS}/{{run_id}}/record.json")
        JOBS.setdefault(job, (spec, [], [record]))[1].append(ids[0])

# Environment variables of a framework's process; FRAMEWORK selects `.venv-FRAMEWORK` (common.smk).
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
    """Return the GPU resources of a framework's jobs; none if the configuration trains on a CPU."""
    wanted = registry.FRAMEWORKS[framework].trains and MATRIX.device != "cpu"
    return GPU if wanted else {}


def device_of(framework):
    """Return the option with which a job fails at once if its framework lacks the requested device."""

    # Called once Snakemake knows its executor; on a node, Snakemake has a local one. A change of a function of the
    # output re-runs nothing: results of a cluster are not recomputed by a call without it.
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


# Must pass on the host that trains, before training starts. Prints the device.
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
    """Return how the runs of a group share their job; a framework without a program over seeds uses processes."""
    known = (
        MATRIX.packing != "vectorised" or registry.FRAMEWORKS[spec.framework].vmap_seeds
    )
    return MATRIX.packing if known else "processes"


def at_once(spec, outputs):
    """Return how many of a job's runs train concurrently."""
    return 1 if packing_of(spec) == "sequential" else len(outputs)


def log_of(output):
    """Return the log of a job, named by its run and, for retraining, by the stamp."""
    name = Path(output).relative_to(RUNS).as_posix()
    return (
        f"logs/train/{name.removesuffix('/record.json').replace('/attempts/', '-')}.log"
    )


for name, (spec, run_ids, outputs) in JOBS.items():

    rule:
        name:
            name
        input:
            facts=ancient(f"{DATA}/prepared/{spec.task}/facts.json"),
            checked=checked(spec.framework),
        output:
            outputs,
        log:
            log_of(outputs[0]),
        wildcard_constraints:
            run_id="|".join(map(re.escape, run_ids)),
            now=NOW,
        localrule: not registry.FRAMEWORKS[spec.framework].trains
        container:
            f"containers/{spec.framework}.sif"
        threads: need("train", "cores", spec.task, at_once(spec, outputs))
        resources:
            **gpu_of(spec.framework),
            mem_mb=need("train", "mem_mb", spec.task, at_once(spec, outputs)),
            runtime=need(
                "train", "runtime", spec.task, len(outputs) // at_once(spec, outputs)
            ),
        params:
            specs=specs_of,
            settings=SETTINGS[spec.framework],
            device=device_of(spec.framework),
            packing=f"--packing {packing_of(spec)}" if len(outputs) > 1 else "",
        shell:
            "{params.settings} OMP_NUM_THREADS={threads} NPROC={threads} "
            "rhelbench train --wait {params.device} {params.packing} {params.specs:q} 2> >(tee {log} >&2)"
