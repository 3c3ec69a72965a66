# One job per run. It writes its record and exits 0 for every end of its own, `failed` included.
rule train_run:
    input:
        facts=lambda wildcards: f"{DATA}/prepared/{SPECS[wildcards.run_id].task}/facts.json",
    output:
        record=f"{RUNS}/{{run_id}}/record.json",
    log:
        "logs/train/{run_id}.log",
    threads: 1
    params:
        spec=lambda wildcards: SPECS[wildcards.run_id].canonical_json(),
        code=lambda wildcards: code_of(SPECS[wildcards.run_id].framework),
        attempt=attempts,
    shell:
        "OMP_NUM_THREADS={threads} NPROC={threads} XLA_PYTHON_CLIENT_PREALLOCATE=false "
        "JAX_COMPILATION_CACHE_DIR=.cache/jax "
        "{PYTHON} train --spec {params.spec:q} --data {DATA} --results {RUNS} 2> >(tee {log} >&2)"
