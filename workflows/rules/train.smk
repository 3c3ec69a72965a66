# One rule per task and framework: its jobs ask for the same, as the jobs of one Slurm array must, and its process knows
# one framework. A job writes its record and exits 0 for every end of its own, `failed` included; `train` resumes.
CELLS = {}
for run_id, spec in SPECS.items():
    CELLS.setdefault((spec.task, spec.framework), []).append(run_id)

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


for (task, framework), run_ids in CELLS.items():

    rule:
        name:
            f"train_{task}_{framework}"
        input:
            facts=f"{DATA}/prepared/{task}/facts.json",
            checked=checked,
        output:
            record=f"{RUNS}/{{run_id}}/record.json",
        log:
            "logs/train/{run_id}.log",
        wildcard_constraints:
            run_id="|".join(run_ids),
        localrule: framework == "numpy"
        container:
            f"containers/{framework}.sif"
        threads: need("train", "cores", task)
        resources:
            **(GPU if framework != "numpy" else {}),
            mem_mb=need("train", "mem_mb", task),
            runtime=need("train", "runtime", task),
        params:
            spec=lambda wildcards: SPECS[wildcards.run_id].canonical_json(),
            code=lambda wildcards: code_of(SPECS[wildcards.run_id].framework),
            settings=SETTINGS[framework],
            attempt=attempts,
        shell:
            "{params.settings} OMP_NUM_THREADS={threads} NPROC={threads} "
            "rhelbench train --spec {params.spec:q} 2> >(tee {log} >&2)"
