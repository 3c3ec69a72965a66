# What every rule needs to know: the matrix of runs, the files it leads to, who has been asked for what.
from functools import cache

from rhelbench import config as configuration
from rhelbench import registry
from rhelbench.errors import UserError
from rhelbench.records.digest import code_digest, package_digest

PYTHON = f"{sys.executable} -m rhelbench"
DATA = "data"
RUNS = "results/runs"
DEFAULT = "config/paper.yaml"

try:
    where = " + ".join(map(str, workflow.configfiles)) or DEFAULT
    if (
        "tasks" not in config or "models" not in config
    ):  # only --config was given: it refines the default
        config = {**configuration.load(DEFAULT), **config}
    MATRIX = configuration.parse(config, where)
    SPECS = {spec.run_id: spec for spec in configuration.expand(MATRIX)}
except UserError as error:
    sys.exit(f"rhelbench: {error}")

code_of = cache(code_digest)
NAME = MATRIX.name
TASKS = MATRIX.tasks
RECORDS = [f"{RUNS}/{run_id}/record.json" for run_id in SPECS]
COLLECTED = f"results/collected/{NAME}"


wildcard_constraints:
    task="[A-Za-z0-9-]+",
    run_id="|".join(SPECS),


def attempts(wildcards):
    """Number of failed attempts: it changes after a failure, which makes Snakemake run the cell again."""
    folder = Path(RUNS, wildcards.run_id, "attempts")
    return len(list(folder.glob("*.json")))


def records_to_collect(wildcards):
    """All records when runs were asked for; those that exist when only tables, figures or pages were."""
    if workflow.dag_settings.targets and not {"all", "train"} & set(
        workflow.dag_settings.targets
    ):
        return [record for record in RECORDS if Path(record).exists()]
    return RECORDS
