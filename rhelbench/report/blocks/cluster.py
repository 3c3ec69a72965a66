"""Blocks of docs/cluster.md: times from results/published/slurm and the published records."""

import json
from statistics import median

import pandas as pd

from rhelbench.config import expand
from rhelbench.report.write import to_markdown
from rhelbench.spec import Budget
from rhelbench.stats.runs import Records


def _read(records: Records, name: str) -> dict:
    return json.loads((records.folder / "slurm" / f"{name}.json").read_text(encoding="utf-8"))


def _rows(head: list[str], rows: list[list[object]]) -> str:
    return to_markdown(pd.DataFrame(rows, columns=head)) + "\n"


def _load(facts: dict) -> str:
    loads = [str(facts["machine"][key]) for key in ("load_average_before", "load_average_after") if key in facts["machine"]]
    return " to ".join(loads)


def _machine(facts: dict) -> str:
    machine = facts["machine"]
    return f"{machine['cpus']} CPU cores ({machine['processor']})"


def _kind(device: object) -> str:
    return "CPU" if str(device).startswith(("cpu", "x86", "aarch")) else str(device)


def _yes(holds: bool) -> str:
    return "yes" if holds else "**no**"


def submission(records: Records) -> str:
    """Return the cost of submitting the paper's matrix, one row per file ``submission*.json``."""
    rows: list[list[object]] = []
    names = sorted((path.stem for path in (records.folder / "slurm").glob("submission*.json")), reverse=True)
    for facts in (_read(records, name) for name in names):
        count, version = (facts["runs"], facts["jobs"]), facts["versions"]["snakemake-executor-plugin-slurm"]
        queue = (facts["seconds_until_first_submission"], facts["seconds_until_all_submitted"])
        node = (facts["median_seconds_per_job_on_the_node"], facts["median_cpu_seconds_per_job_on_the_node"])
        run = f"{facts['seconds_per_run_submitted']:.2f}"
        rows.append([version, *count, *queue, run, *node, facts["peak_files"], _load(facts)])
    head = ["plugin", "runs", "jobs", "first in the queue (s)", "all in the queue (s)", "seconds per run",
            "a job without its training (s)", "of it CPU (s)", "most files", "load average"]  # fmt: skip
    return _rows(head, rows)


def arrays(records: Records) -> str:
    """Return the fate of the tasks of a job array, one row per version of the plugin."""
    facts = _read(records, "arrays")
    head = ["plugin", "tasks", "did their work", "outputs that Snakemake kept", "reported as failed"]
    rows = [
        [version, one["tasks"], one["tasks_that_did_their_work"], one["outputs_that_snakemake_kept"], one["failed_by_slurm"]]
        for version, one in facts["plugins"].items()
    ]
    return _rows(head, rows)


def disturbances(records: Records) -> str:
    """Return the disturbances of runs on the test Slurm, and whether their tables equal an undisturbed local run's."""
    table = pd.read_csv(records.folder / "slurm" / "end_to_end.csv", keep_default_na=False)
    head = ["disturbance", "runs", "jobs submitted", "jobs lost", "Slurm's states", "resumptions", "same tables"]
    rows: list[list[object]] = [
        [str(r["disturbance"]).replace("_", " "), r["runs"], r["submissions"], r["jobs_lost"], str(r["states"]).lower() or "–",
         r["resumptions"], _yes(r["tables_equal"])] for r in table.to_dict("records")
    ]  # fmt: skip
    return _rows(head, rows)


def slurm_smoke(records: Records) -> str:
    """Return the outcome of the whole smoke matrix on the test Slurm."""
    facts = _read(records, "smoke")
    same = "the same bytes as" if not facts["tables_that_differ"] and facts["results_equal"] else "**other** than"
    ends = ", ".join(f"{count} {status}" for status, count in sorted(facts["statuses"].items()))
    devices = "; ".join(f"`{line.partition(', precision')[0]}`" for _, line in sorted(facts["devices"].items()))
    after = "after" if all(facts["trained_after_verification"].values()) else "**not after**"
    return (
        f"{facts['runs']} runs ({ends}), {facts['submissions']} jobs, from a fresh clone at commit {facts['git']['commit'][:7]}: "
        f"final tables and results of every run {same} those of a local run. Each framework trained {after} its verification "
        f"({devices}).\n"
    )


def packing(records: Records) -> str:
    """Return runs per hour of one device by seeds per job."""
    facts = _read(records, "packing")
    head = ["framework", "device", "seeds per job", "as", "runs per hour", "CPU seconds per run", "same as alone"]
    keys = ("seeds_per_job", "packing", "runs_per_hour", "cpu_seconds_per_run", "equal")
    rows: list[list[object]] = [
        [row["framework"], _kind(row["device"]), *(row[key] for key in keys)] for row in facts["rows"]
    ]  # fmt: skip
    cell = facts["cell"]
    loads = ", ".join(str(one["load_average"]) for one in facts["repetitions"])
    return (
        f"{_rows(head, rows)}\n{cell['task']}, `{cell['models'][0]}`, `{cell['algorithms'][0]}`, {len(cell['seeds'])} seeds, "
        f"{cell['overrides']['steps']} steps; median of {len(facts['repetitions'])} repetition(s) on {_machine(facts)}, "
        f"load average before each: {loads}.\n"
    )


def fewest(budget: Budget) -> int:
    """Return the smallest number of optimiser steps of an early-stopped run: only the first evaluation improves."""
    return (budget.patience + 2) * budget.eval_every


def cost(records: Records) -> str:
    """Return CPU hours of the paper's matrix from measured seconds per optimiser step, between two bounds."""
    steps: dict[str, list[float]] = {}
    for name, cell in _read(records, "training")["cells"].items():
        steps.setdefault(name.split()[0], []).append(cell["cpu_seconds_per_step"])
    head = ["task of the paper", "runs", "CPU seconds per step, median", "CPU hours per run, at least", "at most"]
    rows: list[list[object]] = []
    specs = expand.expand(expand.read("config/paper.yaml"))
    totals = [0.0, 0.0]
    for task, measured in steps.items():
        own = [spec for spec in specs if spec.task == task]
        budget, step = own[0].budget, median(measured)
        limit = budget.time_limit_s / 3600
        least, most = (min(limit, count * step / 3600) for count in (fewest(budget), budget.steps))
        totals = [totals[0] + len(own) * least, totals[1] + len(own) * most]
        rows.append([task, len(own), f"{step:.2f}", f"{least:.1f}", f"{most:.1f}"])
    rows.append(["all", len(specs), "", f"{totals[0]:.0f} in all", f"{totals[1]:.0f} in all"])
    return _rows(head, rows)


BLOCKS = {
    "submission": submission, "arrays": arrays, "disturbances": disturbances, "slurm_smoke": slurm_smoke,
    "packing": packing, "cost": cost,
}  # fmt: skip
