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
    """Split runs into groups of at most ``size`` that differ in the seed only.

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
    """Train a group of seeds to its end; signals are forwarded, and the same call resumes every run.

    A workflow engine deletes all records of a group that is interrupted or has a failed run, and calls
    again. Each run's last checkpoint therefore stays until the whole group succeeds. From it, a finished
    run's record is rebuilt in seconds.

    Args:
        specs: the runs.
        data: folder of prepared tasks.
        results: ``results/runs``.
        scratch: folder of checkpoints and locks.
        packing: how the runs share this job.
        device: ``cpu`` or ``cuda``: required device; None: any.

    Returns:
        0 if every run has a regular end, failure included; else the first other exit status.

    Raises:
        UserError: ``vectorised``, and the runs differ in more than the seed or their framework has no such program.
    """
    for framework in {
        spec.framework for spec in specs
    }:  # before the first run and before threads, which cannot parse in Python 3.11
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
        for spec in specs:  # in a new session, so that Ctrl-C reaches it only once, from here
            processes.append(subprocess.Popen([*command, spec.canonical_json()], env=environment, start_new_session=True))
        return [process.wait() for process in processes]
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _sequentially(specs: list[RunSpec], data: Path, results: Path, scratch: Path, device: str | None) -> list[int]:
    """Train the runs sequentially in this process, which imports libraries and compiles programs once."""
    learners: dict[str, Learner] = {}
    codes: list[int] = []

    def make(spec: RunSpec, shape: TaskShape) -> Learner:
        """Return the learner of the configuration; its ``init`` and ``restore`` reset all state."""
        if _cell(spec) not in learners:
            learners[_cell(spec)] = setup.make_learner(spec, shape)
        return learners[_cell(spec)]

    setup.configure_process(specs[0].framework)
    with Signals() as signals:
        for place, spec in enumerate(specs, 1):
            if place > 1 and _cell(spec) != _cell(specs[place - 2]):
                learners.clear()  # one configuration at a time: its arrays and programs fill the device
            if signals.received is not None:
                return [*codes, 128 + signals.received]  # the others have not started
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
    """Train each run in a thread; its learner's chunks are computed together with those of the others."""
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
            sys.stderr.write(f"{spec.run_id}: {error}\n")  # one call, so lines of two threads do not mix
        finally:
            together.leave(place)

    with Signals() as signals:
        threads = [threading.Thread(target=member, args=(place, spec, signals)) for place, spec in enumerate(specs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return codes
