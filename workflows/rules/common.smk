# Common definitions of all rules: the matrix of runs, its files, and the requested targets.
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
    # Read here once more to reject duplicate keys, of which Snakemake takes the last.
    for file in workflow.configfiles:
        configuration.load(file)
    where = " + ".join(map(str, workflow.configfiles)) or DEFAULT
    if (
        "tasks" not in config or "models" not in config
    ):  # --config alone refines the default
        config = {**configuration.load(DEFAULT), **config}
    MATRIX = configuration.parse(config, where)
    SPECS = {spec.run_id: spec for spec in configuration.expand(MATRIX)}
except UserError as error:
    sys.exit(f"rhelbench: {error}")

code_of = cache(code_digest)


def command(name, *packages):
    """Return digests of a command's code with its imports, and of packages that it imports by name."""
    return [closure_digest(f"rhelbench.cli.{name}"), *map(package_digest, packages)]


NAME = MATRIX.name
TASKS = MATRIX.tasks
RECORDS = [f"{RUNS}/{run_id}/record.json" for run_id in SPECS]
COLLECTED = f"results/collected/{NAME}"
# Start time of this call, part of the names of retraining stamps; on a node, a pattern for any call.
NOW = (
    f"{datetime.now(UTC):%Y%m%dT%H%M%S}" if workflow.is_main_process else r"\d{8}T\d{6}"
)


# `rhelbench` in a command is the module. It runs in the image's Python in a container, else in the framework's
# environment `.venv-jax` or `.venv-torch` if it exists, else in the Python that runs Snakemake.
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
    """Return the input function of a framework's parity report: required on a cluster, and used where it exists."""
    proof = f"results/verify/{framework}.json"

    def wanted(wildcards):  # called once Snakemake knows its executor
        here = MATRIX.verify or workflow.non_local_exec or Path(proof).exists()
        return (
            [ancient(proof)] if here and registry.FRAMEWORKS[framework].trains else []
        )

    return wanted


def specs_of(wildcards, output):
    """Return the options for a job's runs, derived from its outputs, so that other groupings re-run nothing."""
    if "run_id" in wildcards.keys():
        run_ids = [wildcards.run_id]
    else:
        run_ids = [Path(record).parent.name for record in output]
    return [
        option for run in run_ids for option in ("--spec", SPECS[run].canonical_json())
    ]


def to_make(run_ids):
    """Return the runs whose records a job must write.

    An existing record is no rule's output, so Snakemake never retrains, touches or removes it. A job that a cluster
    restarts may already have written all of them.
    """
    missing = [run for run in run_ids if not Path(RUNS, run, "record.json").exists()]
    return missing if workflow.is_main_process else missing or run_ids


@cache
def stamps():
    """Return a stamp for each run to retrain, which its job writes next to the record; print the reasons first."""
    try:
        found = retrain.reasons(SPECS.values(), Path(RUNS), Path(DATA))
    except UserError as error:
        sys.exit(f"rhelbench: {error}")
    for sentence in retrain.sentences(found):
        print(f"rhelbench: {sentence}", file=sys.stderr)
    return [f"{RUNS}/{run_id}/attempts/again-{NOW}" for run_id in found]


def trained(wildcards):
    """Return every run's record for the current code and data; only training targets require them."""
    return [*RECORDS, *stamps()]


# Rules that do not lead to training. A workflow that uses this one as a module prefixes their names.
LOOKING = re.compile(
    "(.+_)?(verify|verify_framework|download|prepare|prepare_task|record_splits|collect|tables|make_tables|figures|make_figures"
    "|judge_claims|report|make_page|study|static|bench|reproduce-check|wandb_sync|wandb_dashboard)"
)


def trains(target):
    """Return whether a target, a rule or a file, leads to training."""
    if Path(target).suffix or "/" in target:
        return target.startswith((f"{RUNS}/", f"{COLLECTED}/published"))
    return not LOOKING.fullmatch(target)


def training():
    """Return whether any target of this call leads to training."""
    asked = workflow.dag_settings.targets
    return not asked or any(map(trains, asked))


def records_to_collect(wildcards):
    """Return all records if the call trains, else the existing ones.

    The stamps of earlier calls are included, so that the next call has equal inputs. Files with a modification time in
    the future are left out, since Snakemake rejects them.
    """
    stamped = [Path(RUNS, run, "attempts").glob("again-*") for run in SPECS]
    there = [Path(record) for record in RECORDS if Path(record).exists()]
    there += [stamp for earlier in stamped for stamp in sorted(earlier)]
    old = [ancient(str(path)) for path in there if path.stat().st_mtime < time.time()]
    missing = [record for record in RECORDS if not Path(record).exists()]
    return [*old, *missing, *stamps()] if training() else old


def contents():
    """Return the digest of the existing records' content."""
    return io.contents_digest(Path(RUNS, run) for run in SPECS)


def changed(wildcards):
    """Return that digest if it differs from the last collected one; it triggers collection, not the files' age."""
    last = Path(f"{COLLECTED}/contents")
    return contents() if last.exists() and last.read_text() != contents() else ""


def tidy(wildcards):
    """Return the tables to use: the own runs, or the published ones if nothing has been run."""
    ours = training() or any(Path(record).exists() for record in RECORDS)
    own = MATRIX.results == "runs" or (MATRIX.results == "auto" and ours)
    folder, history = (
        (COLLECTED, "history.csv") if own else (PUBLISHED, published.HISTORIES)
    )
    return {"runs": f"{folder}/runs.csv", "history": f"{folder}/{history}"}


def captioned(kind, files):
    """Return files marked for Snakemake's report, with captions in workflows/report/<stem>.rst."""
    marked = []
    for file in files:
        caption, labels = f"../report/{Path(file).stem}.rst", {
            "matrix": NAME,
            "name": Path(file).stem,
        }
        marked.append(report(file, caption=caption, category=kind, labels=labels))
    return marked
