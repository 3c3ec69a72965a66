# Index of the workflow: configuration, rules, targets. Logic lives in `python -m rhelbench`.
import os
import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.0")


report: "workflows/report/workflow.rst"


include: "workflows/rules/common.smk"
include: "workflows/rules/prepare.smk"
include: "workflows/rules/train.smk"
include: "workflows/rules/static.smk"
include: "workflows/rules/results.smk"
include: "workflows/rules/reproduce.smk"


localrules:
    all,
    train,
    tables,
    figures,
    report,


# Everything the configuration asks for: runs, then tables, figures and pages.
rule all:
    default_target: True
    input:
        RECORDS,
        TABLES,
        FIGURES,
        PAGES,


# Only the runs.
rule train:
    input:
        RECORDS,


# From the records that exist, without training: missing cells are shown as missing.
rule tables:
    input:
        TABLES,


rule figures:
    input:
        FIGURES,


rule report:
    input:
        PAGES,
