"""Several seeds per job, each with its own record and history: as processes, sequentially, or as one program."""

import os
import signal
import subprocess
import sys
import threading
from importlib import import_module
from pathlib import Path
from types import FrameType

from rhelbench.contract import Learner, TaskShape
from rhelbench.errors import UserError
from rhelbench.records import io, provenance
from rhelbench.registry import FRAMEWORKS, Packing
from rhelbench.spec import RunSpec
from rhelbench.training import job, setup
from rhelbench.training.checkpoint import Checkpoints
from rhelbench.training.signals import ASKING, Signals


def _cell(spec: RunSpec) -> str:
    return spec.model_copy(update={"seed": 0}).canonical_json()


def group_seeds(specs: list[RunSpec], size: int) -> list[list[RunSpec]]:
    """Divide runs into groups of at most ``size`` that differ in nothing but their seed.

    Example:
        >>> [len(group) for group in group_seeds(five_seeds, 2)]  # doctest: +SKIP
        [2, 2, 1]
    """
    cells: dict[str, list[RunSpec]] = {}
    for spec in specs:
        cells.setdefault(_cell(spec), []).append(spec)
    return [cell[start : start + size] for cell in cells.values() for start in range(0, len(cell), size)]


def run(
    specs: list[RunSpec], data: Path, results: Path, scratch: Path, packing: Packing = "processes", device: str | None = None
) -> int:
    """Train a group of seeds to its end; a signal is passed on, and the same call resumes every run of it.

    A workflow engine removes all records of a group that is interrupted or holds a failed run, and calls again. The last
    checkpoint of each run therefore stays until the whole group has ended well: from it, a finished run's record is made again
    in seconds and not trained for.

    Args:
        specs: the runs.
        data: folder of prepared tasks.
        results: ``results/runs``.
        scratch: for checkpoints and locks.
        packing: how they share this job.
        device: ``cpu`` or ``cuda``: what they must be computed on; None for what there is.

    Returns:
        0 if every run came to an end of its own, a failed one included; else the first other exit status.

    Raises:
        UserError: ``vectorised``, and the runs are not seeds of one cell, or their framework has no such program.
    """
    for framework in {spec.framework for spec in specs}:  # before the first run, and before threads: Python 3.11's can't parse
        provenance.loaded_code(framework)
    train = {"processes": _as_processes, "sequential": _sequentially, "vectorised": _as_one_program}[packing]
    codes = train(specs, data, results, scratch, device)
    records = [io.read(results / spec.run_id) for spec in specs]
    if all(record and record["result"]["status"] != "failed" for record in records):
        for spec in specs:
            Checkpoints(scratch / spec.run_id, "").clear()
    return next((code if code > 0 else 128 - code for code in codes if code), 0)


def _as_processes(specs: list[RunSpec], data: Path, results: Path, scratch: Path, device: str | None) -> list[int]:
    share = str(max(1, int(os.environ.get("OMP_NUM_THREADS", "1")) // len(specs)))
    environment = {**os.environ, "OMP_NUM_THREADS": share, "NPROC": share}
    places = ["--data", str(data), "--results", str(results), "--scratch", str(scratch)]
    where = ["--device", device] if device else []
    command = [sys.executable, "-m", "rhelbench", "train", "--wait", "--keep", *where, *places, "--spec"]
    processes: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        del frame
        for process in processes:
            if process.poll() is None:
                process.send_signal(number)

    former = {number: signal.signal(number, pass_on) for number in ASKING}
    try:
        for spec in specs:  # in a session of its own, so that a Ctrl-C reaches it once, from here
            processes.append(subprocess.Popen([*command, spec.canonical_json()], env=environment, start_new_session=True))
        return [process.wait() for process in processes]
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _sequentially(specs: list[RunSpec], data: Path, results: Path, scratch: Path, device: str | None) -> list[int]:
    """Train one run after another, each to its end, in this process: libraries are imported and programs compiled once."""
    learners: dict[str, Learner] = {}
    codes: list[int] = []

    def make(spec: RunSpec, shape: TaskShape) -> Learner:
        """Return a learner of the cell, whose ``init`` and ``restore`` forget everything of the run before."""
        if _cell(spec) not in learners:
            learners[_cell(spec)] = setup.make_learner(spec, shape)
        return learners[_cell(spec)]

    setup.configure_process(specs[0].framework)
    with Signals() as signals:
        for place, spec in enumerate(specs, 1):
            if place > 1 and _cell(spec) != _cell(specs[place - 2]):
                learners.clear()  # one cell's at a time: their arrays and programs fill the device
            if signals.received is not None:
                return [*codes, 128 + signals.received]  # the rest has not begun
            packed = f"sequential, {place} of {len(specs)}"
            try:
                codes.append(
                    job.run(
                        spec, data, results, scratch, wait=True, keep=True, make=make, signals=signals, packed=packed,
                        device=device,
                    )
                )  # fmt: skip
            except UserError as error:
                print(f"{spec.run_id}: {error}", file=sys.stderr)
                codes.append(1)
    return codes


def _as_one_program(specs: list[RunSpec], data: Path, results: Path, scratch: Path, device: str | None) -> list[int]:
    """Train each run in a thread as if it were alone, with a learner whose chunks meet those of the others."""
    framework = specs[0].framework
    if len({_cell(spec) for spec in specs}) > 1:
        raise UserError("--packing vectorised: the runs differ in more than their seed; give the seeds of one cell.")
    program = FRAMEWORKS[framework].vmap_seeds
    if program is None:
        raise UserError(f"--packing vectorised: {framework} has no program over several seeds; take processes or sequential.")
    together, codes = import_module(program).VmappedSeeds(len(specs)), [1] * len(specs)
    packed = f"one program over {len(specs)} seeds"

    def member(place: int, spec: RunSpec, signals: Signals) -> None:
        try:
            codes[place] = job.run(
                spec, data, results, scratch, wait=True, keep=True, make=together.maker(place), signals=signals, packed=packed,
                device=device,
            )  # fmt: skip
        except UserError as error:
            sys.stderr.write(f"{spec.run_id}: {error}\n")  # one call, so that two threads' lines do not mix
        finally:
            together.leave(place)

    with Signals() as signals:
        threads = [threading.Thread(target=member, args=(place, spec, signals)) for place, spec in enumerate(specs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return codes
