# Time and memory on this host, in a separate folder from the published ones. The rule requests all cores, so that no
# other job runs meanwhile.
rule bench:
    output:
        "results/benchmarks/models.csv",
    log:
        "logs/bench.log",
    threads: max(workflow.resource_settings.cores or 1, need("bench", "cores"))
    resources:
        mem_mb=need("bench", "mem_mb"),
        runtime=need("bench", "runtime"),
    params:
        out=lambda wildcards, output: Path(output[0]).parent,
        code=[
            package_digest("rhelbench.bench"),
            *(
                code_of(name)
                for name, entry in registry.FRAMEWORKS.items()
                if entry.bench
            ),
        ],
    shell:
        "rhelbench bench --out {params.out} > {log} 2> >(tee -a {log} >&2)"
