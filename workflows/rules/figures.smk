# Figures with their own small matrix (config/curves.yaml, config/lockstep.yaml): retrain it and publish it in the
# figure's folder. The working tree must be committed, since records name the commit of their code.
rule own_figure:
    input:
        trained,
    output:
        touch(f"{COLLECTED}/published.done"),
    log:
        f"logs/own_figure/{NAME}.log",
    localrule: True
    params:
        config=workflow.configfiles[0] if workflow.configfiles else DEFAULT,
        published=f"results/published/{NAME}",
    shell:
        "rhelbench publish --config {params.config:q} --published {params.published} 2> >(tee {log} >&2)"
