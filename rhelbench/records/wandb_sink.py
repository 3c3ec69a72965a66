"""The process that copies one run to wandb: it reads the run's files, and the run never waits for it."""

import csv
import json
import netrc
import os
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import wandb

from rhelbench.protocol.metrics import NAMES
from rhelbench.records import write
from rhelbench.spec import RunSpec
from rhelbench.tasks import card

PROJECT = "rhelbench"
#: Seconds between two looks at the history, and until an unreachable server is given up for offline files.
LOOK, GIVE_UP = 1.0, 10.0
#: In a segment's folder: the server has all of it.
UPLOADED = "uploaded"
_NOTE = "wandb.json"


def has_key() -> bool:
    """Return whether a key is at hand, in WANDB_API_KEY or in the netrc file; nobody is ever asked for one."""
    host = urlparse(os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")).hostname or ""
    try:
        known = netrc.netrc().authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        known = False
    return bool(os.environ.get("WANDB_API_KEY")) or known


def identity(spec: RunSpec) -> dict[str, Any]:
    """Return what wandb calls a run: one id per RunSpec, grouped so that RHEL and BPTT stand side by side."""
    return {
        "id": spec.run_id, "name": spec.run_id, "project": os.environ.get("WANDB_PROJECT", PROJECT),
        "group": f"{spec.task}/{spec.model}", "job_type": spec.algorithm, "tags": [spec.framework, spec.protocol],
        "config": spec.model_dump(mode="json"),
    }  # fmt: skip


def summary(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record's numbers under wandb's names; what is unknown is left out."""
    result, provenance = record["result"], record["provenance"]
    flat = {name: result[name] for name in ("status", "correct", "total", "best_step", "last_step", "flags")}
    flat |= {f"test/{result['metric']}": result["value"], f"best_val/{result['metric']}": result["val"]}
    flat |= {name: provenance.get(name) for name in ("steps_per_s", "peak_host_bytes", "peak_device_bytes", "device")}
    flat |= {f"seconds/{name}": value for name, value in provenance.get("seconds", {}).items()}
    return {name: value for name, value in flat.items() if value is not None}


def start(spec: RunSpec, corner: Path, pid: int) -> Any:
    """Begin a run: live if WANDB_MODE is ``online`` and a key exists; else in files under ``corner``.

    Raises:
        wandb.Error: a live run could not be begun within GIVE_UP seconds.
    """
    live = os.environ.get("WANDB_MODE") == "online" and has_key()
    mode, resume = ("online", "allow") if live else ("offline", None)
    settings = wandb.Settings(
        init_timeout=GIVE_UP, console="off", silent=True, disable_git=True, disable_code=True, x_stats_pid=pid
    )
    return wandb.init(mode=mode, dir=corner, resume=resume, settings=settings, **identity(spec))


class Sink:
    """Sends what a run's history has and wandb has not; ``corner/wandb.json`` remembers it across resumptions."""

    def __init__(self, folder: Path, corner: Path, run: Any, metric: str) -> None:
        self._folder, self._note, self._run, self._metric = folder, corner / _NOTE, run, metric
        self._sent = json.loads(self._note.read_text())["step"] if self._note.exists() else 0

    def send(self) -> None:
        """Send the rows that are new."""
        log = self._folder / "history.csv"
        with log.open(newline="") if log.exists() else open(os.devnull) as file:  # noqa: PTH123
            rows = list(csv.DictReader(file))
        names = {
            "loss": "train/loss",
            "train": f"train/{self._metric}",
            "val": f"val/{self._metric}",
            "fidelity": "echo/fidelity",
        }
        for row in rows:
            step = int(row["step"])
            if step > self._sent:
                self._run.log({name: float(row[column]) for column, name in names.items() if row[column]}, step=step)
                self._sent = step
                self._note.write_text(json.dumps({"step": step}))

    def close(self) -> None:
        """Send the rest and, if there is one, the record; then nothing is left to remember."""
        self.send()
        record = write.read(self._folder)
        if record is not None:
            self._run.summary.update(summary(record))
            self._note.unlink(missing_ok=True)
        live = not self._run.settings._offline
        segment = Path(self._run.settings.sync_dir)
        self._run.finish(exit_code=0 if record is not None and record["result"]["status"] != "failed" else 1)
        if live:
            (segment / UPLOADED).touch()


def main(folder: Path, corner: Path, pid: int) -> None:
    """Copy a run until standard input ends: the run has ended, or its process is gone."""
    for number in (signal.SIGTERM, signal.SIGUSR1):  # a cluster sends them to every process of a job; the job decides
        signal.signal(number, signal.SIG_IGN)
    asked = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), asked.set()), daemon=True).start()
    spec = RunSpec.model_validate(json.loads((folder / "spec.json").read_text()))
    if not (corner / _NOTE).exists():  # a new beginning: what an older attempt left behind is not this run's
        shutil.rmtree(corner / "wandb", ignore_errors=True)
    try:
        run = start(spec, corner, pid)
    except wandb.Error as error:  # unreachable, or a wrong key: begin again with files, in a process that never tried
        print(f"wandb: {error}; going on offline.", file=sys.stderr, flush=True)
        if os.environ.get("WANDB_MODE") == "online":
            wandb.teardown()
            os.execve(
                sys.executable, [sys.executable, "-m", __spec__.name, *sys.argv[1:]], os.environ | {"WANDB_MODE": "offline"}
            )
        return
    sink = Sink(folder, corner, run, NAMES[card.load(spec.task).kind])
    while not asked.wait(LOOK):
        sink.send()
    sink.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
