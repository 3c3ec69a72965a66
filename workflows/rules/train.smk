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

# Several processes may share a GPU: JAX takes memory as it needs it, torch gives back what it does not use.
SETTINGS = {
    "jax": "FRAMEWORK=jax XLA_PYTHON_CLIENT_PREALLOCATE=false JAX_COMPILATION_CACHE_DIR=.cache/jax",
    "torch": "FRAMEWORK=torch PYTORCH_ALLOC_CONF=expandable_segments:True",
    "numpy": "",
}


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
        **GPU,
        mem_mb=need("verify_framework", "mem_mb"),
        runtime=need("verify_framework", "runtime"),
    params:
        code=lambda wildcards: code_of(wildcards.framework),
        settings=lambda wildcards: SETTINGS[wildcards.framework],
    shell:
        "{params.settings} OMP_NUM_THREADS={threads} NPROC={threads} "
        "rhelbench verify --framework {wildcards.framework} --out {output} 2>&1 | tee {log}"


def packing_of(spec):
    """How the runs of a pack share their job; a framework without a program over seeds takes processes."""
    known = MATRIX.packing != "vectorised" or spec.framework in registry.PACKS
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
        localrule: spec.framework == "numpy"
        container:
            f"containers/{spec.framework}.sif"
        threads: need("train", "cores", spec.task, at_once(spec, folders))
        resources:
            **(GPU if spec.framework != "numpy" else {}),
            mem_mb=need("train", "mem_mb", spec.task, at_once(spec, folders)),
            runtime=need(
                "train", "runtime", spec.task, len(folders) // at_once(spec, folders)
            ),
        params:
            specs=specs_of,
            code=code_of(spec.framework),
            settings=SETTINGS[spec.framework],
            attempt=attempts(run_ids),
            packing=f"--packing {packing_of(spec)}" if len(folders) > 1 else "",
        shell:
            "{params.settings} OMP_NUM_THREADS={threads} NPROC={threads} "
            "rhelbench train --wait {params.packing} {params.specs:q} 2> >(tee {log} >&2)"
