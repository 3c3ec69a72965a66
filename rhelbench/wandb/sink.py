"""The process that copies one run to wandb by reading its files; the run never waits for it."""

import csv
import json
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import wandb

from rhelbench.records import io, provenance
from rhelbench.registry import METRICS
from rhelbench.spec import RunSpec
from rhelbench.tasks import card
from rhelbench.wandb import segments
from rhelbench.wandb.process import PATIENCE, PROJECT, has_key

#: Seconds between two reads of the history, and (unless WANDB_INIT_TIMEOUT is set) until an unreachable server is replaced
#: by offline files.
LOOK, REACH = 1.0, 20.0
#: wandb's message when it stops sending; ``finish`` does not report it.
GAVE_UP = "Fatal error while uploading data"


def identity(spec: RunSpec) -> dict[str, Any]:
    """Return wandb's id and group of a run: one id per RunSpec; RHEL and BPTT share a group."""
    return {
        "id": spec.run_id, "name": spec.run_id, "project": os.environ.get("WANDB_PROJECT", PROJECT),
        "group": f"{spec.task}/{spec.model}", "job_type": spec.algorithm, "tags": [spec.framework, spec.protocol],
        "config": spec.model_dump(mode="json"),
    }  # fmt: skip


def summary(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record's numbers by wandb's names, without unknown ones."""
    result, facts = record["result"], record["provenance"]
    flat = {name: result[name] for name in ("status", "correct", "total", "best_step", "last_step", "flags")}
    flat |= {f"test/{result['metric']}": result["value"], f"best_val/{result['metric']}": result["val"]}
    flat |= {name: facts.get(name) for name in ("steps_per_s", "peak_host_bytes", "peak_device_bytes", "device")}
    flat |= {f"seconds/{name}": value for name, value in facts.get("seconds", {}).items()}
    return {name: value for name, value in flat.items() if value is not None}


def live() -> bool:
    """Return whether a run is sent during training: WANDB_MODE is ``online`` and a key exists."""
    return os.environ.get("WANDB_MODE") == "online" and has_key()


def start(spec: RunSpec, corner: Path, pid: int) -> tuple[Any, int]:
    """Start or resume a run, live or in files under ``corner``, with system metrics of process ``pid``.

    Returns:
        wandb's run, and the last optimiser step that is already sent. A live server reports it. Of files, only
        those closed by the same code count, because wandb flushes a file when it closes it.

    Raises:
        wandb.Error: a live run could not be started in time.
    """
    code = provenance.loaded_code(spec.framework)["code_digest"]
    mine = {} if live() else {segment: mark for segment, mark in segments.closed(corner).items() if mark["code"] == code}
    for segment in corner.glob("wandb/*run-*-*"):
        if segment not in mine and not segments.uploaded(segment):
            shutil.rmtree(segment, ignore_errors=True)
    sent = max((mark["step"] for mark in mine.values()), default=0)
    reach = float(os.environ.get("WANDB_INIT_TIMEOUT", REACH))
    settings = wandb.Settings(
        init_timeout=reach, console="off", silent=True, disable_git=True, disable_code=True, x_stats_pid=pid
    )
    mode, resume = ("online", "allow") if live() else ("offline", "allow" if sent else None)
    run = wandb.init(mode=mode, dir=corner, resume=resume, settings=settings, **identity(spec))
    return run, run.starting_step - 1 if live() else sent


class Sink:
    """Sends the rows of a run's history after optimiser step ``sent``, and at the end its record."""

    def __init__(self, folder: Path, run: Any, sent: int, metric: str) -> None:
        self._folder, self._run, self._sent = folder, run, sent
        values = {"train": f"train/{metric}", "val": f"val/{metric}"}
        self._names = {"loss": "train/loss", "fidelity": "echo/fidelity", **values}

    def send(self) -> None:
        """Send the new rows."""
        log = self._folder / "history.csv"
        for row in csv.DictReader(log.read_text().splitlines() if log.exists() else []):
            step = int(float(row["step"]))
            if step > self._sent:
                values = {name: float(row[column]) for column, name in self._names.items() if row[column]}
                self._run.log(values, step=step)
                self._sent = step

    def close(self, corner: Path, code: str) -> None:
        """Send the remaining rows and, if there is one, the record; mark the segment as complete."""
        self.send()
        record = io.read(self._folder)
        status = record["result"]["status"] if record else "interrupted"
        self._run.summary.update(summary(record) if record else {"status": status})
        segment, ended = Path(self._run.settings.sync_dir), status not in ("failed", "interrupted")
        self._run.finish(exit_code=int(not ended))
        if not live():
            segments.close(segment, self._sent, code, ended)
        elif GAVE_UP not in (corner / segments.LOG).read_text():
            segments.close(segment, self._sent, code, ended)
            segments.upload(segment)


def main(folder: Path, corner: Path, pid: int) -> None:
    """Copy a run until standard input ends, because the run or its process has ended."""
    for number in (signal.SIGTERM, signal.SIGUSR1):  # a cluster sends them to every process of a job; only the job reacts
        signal.signal(number, signal.SIG_IGN)
    asked = threading.Event()
    threading.Thread(target=_listen, args=(asked,), daemon=True).start()
    spec = RunSpec.read(json.loads((folder / "spec.json").read_text()))
    try:
        run, sent = start(spec, corner, pid)
    except Exception as error:  # unreachable, a wrong key, or another error of wandb: continue with files
        if not live():
            raise
        print(f"wandb: {error}; going on offline.", file=sys.stderr, flush=True)
        wandb.teardown()
        command = [sys.executable, "-m", "rhelbench.wandb.sink", *sys.argv[1:]]
        os.execve(sys.executable, command, os.environ | {"WANDB_MODE": "offline"})  # as a new process
    sink = Sink(folder, run, sent, METRICS[card.load(spec.task).kind])
    while not asked.wait(LOOK):
        sink.send()
    sink.close(corner, provenance.loaded_code(spec.framework)["code_digest"])


def _listen(asked: threading.Event) -> None:
    """Wait for the end of standard input, and limit the time after it, since a killed training process cannot."""
    sys.stdin.read()
    asked.set()
    time.sleep(2 * PATIENCE)
    os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
