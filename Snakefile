# Index of the workflow: configuration, rules, targets. Logic lives in `python -m rhelbench`.
import os
import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.0")


report: "workflows/report/workflow.rst"


# Used with `--software-deployment-method apptainer` only; training has one image per framework.
container: "containers/core.sif"


include: "workflows/rules/common.smk"
include: "workflows/rules/resources.smk"
include: "workflows/rules/prepare.smk"
include: "workflows/rules/train.smk"
include: "workflows/rules/static.smk"
include: "workflows/rules/bench.smk"
include: "workflows/rules/figures.smk"
include: "workflows/rules/results.smk"
include: "workflows/rules/reproduce.smk"
include: "workflows/rules/wandb.smk"


localrules:
    all,
    verify,
    train,
    tables,
    figures,
    report,


# All targets of the configuration: runs, then tables, figures and pages.
rule all:
    default_target: True
    input:
        trained,
        TABLES,
        FIGURES,
        PAGES,


# Parity tests of each framework against the oracle, on the host that trains.
rule verify:
    input:
        expand("results/verify/{framework}.json", framework=MATRIX.frameworks),


# The runs only.
rule train:
    input:
        trained,


# From existing records, without training; missing runs are shown as missing.
rule tables:
    input:
        TABLES,


rule figures:
    input:
        FIGURES,


rule report:
    input:
        PAGES,
