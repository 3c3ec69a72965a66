# What all rules need to know - the matrix of runs, the files it leads to, who has been asked for what.
import re
import shlex
import time
from datetime import UTC, datetime
from functools import cache

from rhelbench.config import expand as configuration, matrix
from rhelbench import files, registry
from rhelbench.errors import UserError
from rhelbench.training import seeds_per_job
from rhelbench.records import io, published, retrain
from rhelbench.digest import closure_digest, code_digest, package_digest
from rhelbench.tasks import card
from snakemake.settings.types import DeploymentMethod

DATA = "data"
RUNS = "results/runs"
DEFAULT = "config/paper.yaml"
PUBLISHED = files.find(Path("results/published"))

try:
    matrix.refuse_repetition(sys.argv if workflow.is_main_process else [])
    # Read again here, since Snakemake takes the last of a key that a file gives twice.
    for file in workflow.configfiles:
        configuration.load(file)
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
# When this call began, in the names of the stamps that its jobs leave beside records they made again; on a node, any call.
NOW = (
    f"{datetime.now(UTC):%Y%m%dT%H%M%S}" if workflow.is_main_process else r"\d{8}T\d{6}"
)


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
    task=card.NAME,
    run_id="|".join(map(re.escape, SPECS)),


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
    if "run_id" in wildcards.keys():
        run_ids = [wildcards.run_id]
    else:
        run_ids = [Path(record).parent.name for record in output]
    return [
        option for run in run_ids for option in ("--spec", SPECS[run].canonical_json())
    ]


def to_make(run_ids):
    """Those of some runs whose records a job is to make: one that exists is no rule's output, so that Snakemake never plans its
    training, touches or removes it. A job that a cluster starts again may find that it has made them all.
    """
    missing = [run for run in run_ids if not Path(RUNS, run, "record.json").exists()]
    return missing if workflow.is_main_process else missing or run_ids


@cache
def stamps():
    """A stamp for each run that is to be trained again, which its job leaves beside the record; why is said first."""
    try:
        found = retrain.reasons(SPECS.values(), Path(RUNS), Path(DATA))
    except UserError as error:
        sys.exit(f"rhelbench: {error}")
    for sentence in retrain.sentences(found):
        print(f"rhelbench: {sentence}", file=sys.stderr)
    return [f"{RUNS}/{run_id}/attempts/again-{NOW}" for run_id in found]


def trained(wildcards):
    """Every run's record, made by today's code of today's data: asked for by what trains, and by nothing else."""
    return [*RECORDS, *stamps()]


# Rules whose request trains nothing: they look at what there is. A workflow that uses this one as a module prefixes their names.
LOOKING = re.compile(
    "(.+_)?(verify|verify_framework|download|prepare|prepare_task|record_splits|collect|tables|make_tables|figures|make_figures"
    "|judge_claims|report|make_page|study|static|bench|reproduce-check|wandb_sync|wandb_dashboard)"
)


def trains(target):
    """Whether a target, a rule or a file, leads to training."""
    if Path(target).suffix or "/" in target:
        return target.startswith((f"{RUNS}/", f"{COLLECTED}/published"))
    return not LOOKING.fullmatch(target)


def training():
    """Whether this call was asked for anything that trains."""
    asked = workflow.dag_settings.targets
    return not asked or any(map(trains, asked))


def records_to_collect(wildcards):
    """All records when runs were asked for; those that exist when only tables, figures or pages were. The stamps of earlier
    calls stay among them, so that they are the same in the next call. Snakemake refuses what is of a clock that is ahead.
    """
    stamped = [Path(RUNS, run, "attempts").glob("again-*") for run in SPECS]
    there = [Path(record) for record in RECORDS if Path(record).exists()]
    there += [stamp for earlier in stamped for stamp in sorted(earlier)]
    old = [ancient(str(path)) for path in there if path.stat().st_mtime < time.time()]
    missing = [record for record in RECORDS if not Path(record).exists()]
    return [*old, *missing, *stamps()] if training() else old


def contents():
    """The digest of what the records that exist hold."""
    return io.contents_digest(Path(RUNS, run) for run in SPECS)


def changed(wildcards):
    """That digest, if it is not the one collected last: by it, not by their age, records are collected again."""
    last = Path(f"{COLLECTED}/contents")
    return contents() if last.exists() and last.read_text() != contents() else ""


def tidy(wildcards):
    """The tidy results to draw from: our own runs, or the published ones where nothing has been run."""
    ours = training() or any(Path(record).exists() for record in RECORDS)
    own = MATRIX.results == "runs" or (MATRIX.results == "auto" and ours)
    folder, history = (
        (COLLECTED, "history.csv") if own else (PUBLISHED, published.HISTORIES)
    )
    return {"runs": f"{folder}/runs.csv", "history": f"{folder}/{history}"}


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
