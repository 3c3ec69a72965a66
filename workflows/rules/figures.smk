# A figure with a small matrix of its own (config/curves.yaml, config/lockstep.yaml): train it again and publish it where the
# figure is drawn from. The working tree must be committed, so that the records name the code that made them.
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
