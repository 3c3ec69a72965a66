"""``python -m rhelbench bench``: measure time and memory on this host."""

import argparse
import json
from importlib import import_module
from pathlib import Path

from pydantic import ValidationError

from rhelbench.config import cores
from rhelbench.errors import UserError, invalid_value
from rhelbench.registry import FRAMEWORKS


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--out", type=Path, default=Path("results/benchmarks"), help="the folder to write to")
    for field in ("table", "task", "framework", "kernel", "model", "algorithm"):
        parser.add_argument(f"--{field}", nargs="+", default=[], metavar="NAME", help="only these (default: all)")
    parser.add_argument(
        "--inputs", type=Path, metavar="DATA", help="measure the input path of the tasks prepared in DATA instead"
    )
    parser.add_argument("--passes", action="store_true", help="measure the passes of the fused kernels on a GPU instead")
    parser.add_argument("--cell", help="measure one cell, given as JSON, in this process and print its row")


def run(args: argparse.Namespace) -> int:
    """Write <table>.csv, one row per measurement; other rows stay.

    Raises:
        UserError: ``--cell`` is not valid JSON, or no task is prepared.
    """
    from rhelbench.bench import plan
    from rhelbench.bench import run as bench

    cores.set_threads(cores.requested_cores() or cores.available_cores())
    if args.cell:
        try:
            cell = plan.Measurement.model_validate_json(args.cell)
        except ValidationError as error:
            raise invalid_value("--cell", error, "give the JSON of a rhelbench.bench.plan.Measurement") from error
        print(json.dumps(bench.measure(cell)))
        return 0
    if args.inputs:
        return _inputs(args.inputs, args.out)
    if args.passes:
        return _passes(args.out)
    fields = ("table", "task", "framework", "kernel", "model", "algorithm")
    for cell in plan.choose(plan.measurements(), {field: getattr(args, field) for field in fields}):
        row = bench.measure_in_process(cell)
        bench.put_row(args.out / f"{cell.table}.csv", row)
        print(f"{cell}: {row['step_ms']:.1f} ms", flush=True)
    return 0


def _inputs(data: Path, out: Path) -> int:
    from rhelbench.bench import overhead
    from rhelbench.bench import run as bench
    from rhelbench.config import expand

    tasks = sorted(path.parent.name for path in data.glob("prepared/*/facts.json"))
    if not tasks:
        raise UserError(f"No task is prepared in {data}: run `python -m rhelbench prepare --task BasicMotions --data {data}`.")
    smoke = expand.read("config/smoke.yaml").model_copy(update={"tasks": tasks, "seeds": [2345]})
    for spec in expand.expand(smoke):
        if (spec.model, spec.algorithm) == ("linear", "rhel"):
            row = overhead.inputs(spec, data)
            bench.put_row(out / "inputs.csv", row | bench.circumstances(), ("task", "framework"))
            print(f"inputs: {spec.task}, {spec.framework}: {row['samples_per_s']:,.0f} samples/s", flush=True)
    return 0


def _passes(out: Path) -> int:
    from rhelbench.bench import plan
    from rhelbench.bench import run as bench

    for module in filter(None, (framework.passes for framework in FRAMEWORKS.values())):
        for row in import_module(module).rows(plan.read()["passes"]):
            bench.put_row(out / "passes.csv", row | bench.circumstances(), plan.PASS_KEYS)
            size = f"{row['length']} steps, {row['lanes']} lanes"
            print(f"passes: {row['hamiltonian']}, {row['pass']}, {size}: {row['us']:.0f} us", flush=True)
    return 0
