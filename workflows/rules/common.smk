# What all rules need to know - the matrix of runs, the files it leads to, who has been asked for what.
import shlex
from functools import cache

from rhelbench import config as configuration
from rhelbench import registry
from rhelbench.errors import UserError
from rhelbench.protocol import pack
from rhelbench.records.digest import closure_digest, code_digest, package_digest
from snakemake.settings.types import DeploymentMethod

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


def command(name, *packages):
    """The code of a command and of what it imports, and of packages that it imports by name."""
    return [closure_digest(f"rhelbench.cli.{name}"), *map(package_digest, packages)]


NAME = MATRIX.name
TASKS = MATRIX.tasks
RECORDS = [f"{RUNS}/{run_id}/record.json" for run_id in SPECS]
COLLECTED = f"results/collected/{NAME}"


# `rhelbench` in every command is the module, run by the image's Python in a container, else by the framework's own
# environment `.venv-jax` or `.venv-torch` where there is one, else by the Python that runs Snakemake.
IN_CONTAINER = DeploymentMethod.APPTAINER in (
    workflow.deployment_settings.deployment_method
)
shell.prefix(
    "set -euo pipefail; rhelbench() {{ local python=.venv-${{FRAMEWORK:-none}}/bin/python; "
    f'[ -x "$python" ] || python={"python3" if IN_CONTAINER else shlex.quote(sys.executable)}; '
    '"$python" -m rhelbench "$@"; }}; '
)


wildcard_constraints:
    task="[A-Za-z0-9-]+",
    run_id="|".join(SPECS),


def checked(framework):
    """The proof that a framework computes correctly here: asked for on a cluster, and kept where it exists."""
    proof = f"results/verify/{framework}.json"

    def wanted(wildcards):  # asked when Snakemake knows its executor
        here = MATRIX.verify or workflow.non_local_exec or Path(proof).exists()
        return (
            [ancient(proof)] if here and registry.FRAMEWORKS[framework].trains else []
        )

    return wanted


def specs_of(wildcards, output):
    """The options that name a job's runs; derived from its outputs, so that other packs of them re-run nothing."""
    runs = [SPECS[Path(record).parent.name] for record in output]
    return [option for run in runs for option in ("--spec", run.canonical_json())]


def attempts(run_ids):
    """Number of a job's failed attempts: it changes after a failure, which makes Snakemake run the job again."""

    def count(wildcards):
        own = [wildcards.run_id] if wildcards.keys() else run_ids
        return sum(len(list(Path(RUNS, run, "attempts").glob("*.json"))) for run in own)

    return count


def records_to_collect(wildcards):
    """All records when runs were asked for; those that exist when only tables, figures or pages were."""
    if workflow.dag_settings.targets and not {"all", "train"} & set(
        workflow.dag_settings.targets
    ):
        return [record for record in RECORDS if Path(record).exists()]
    return RECORDS


def tidy(wildcards):
    """The tidy results to draw from: our own runs, or the published ones where nothing has been run."""
    own = MATRIX.results == "runs" or (
        MATRIX.results == "auto" and records_to_collect(wildcards)
    )
    folder = COLLECTED if own else "results/published"
    return {"runs": f"{folder}/runs.csv", "history": f"{folder}/history.csv"}


def captioned(kind, files):
    """Mark files for Snakemake's report: each has its caption in workflows/report/<stem>.rst."""
    marked = []
    for file in files:
        caption, labels = f"../report/{Path(file).stem}.rst", {
            "matrix": NAME,
            "name": Path(file).stem,
        }
        marked.append(report(file, caption=caption, category=kind, labels=labels))
    return marked
