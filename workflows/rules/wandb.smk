# Uploads to wandb besides the runs (docs/wandb.md). Neither rule has an output, so both run at every request.
localrules:
    wandb_sync,
    wandb_dashboard,


# Uploads files of finished runs, each once.
rule wandb_sync:
    log:
        "logs/wandb/sync.log",
    shell:
        "rhelbench wandb_sync 2> >(tee {log} >&2)"


rule wandb_dashboard:
    log:
        f"logs/wandb/dashboard-{NAME}.log",
    params:
        matrix=MATRIX.model_dump_json(),
    shell:
        "rhelbench wandb_dashboard --config-json {params.matrix:q} 2> >(tee {log} >&2)"
