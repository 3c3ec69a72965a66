"""One process per run: the second stops with a sentence or waits, a dead one's lock is taken over."""

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from rhelbench.errors import UserError

#: Seconds between two signs of life, and without one after which another host's lock counts as dead.
BEAT, DEAD = 20.0, 300.0
#: Seconds between two looks at a lock that one waits for.
LOOK = 2.0


@contextmanager
def held(folder: Path, wait: bool = False) -> Iterator[None]:
    """Hold ``folder``'s lock while the block runs; ``wait`` for another living process to give it back first.

    The lock is a file that names host, pid and the process's start; its modification time is a sign of life, so that its
    age is told by the file server's clock. Linking it into place is atomic on network file systems too.

    Raises:
        UserError: another living process holds it, and waiting was not asked for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock, mine = folder / "lock", folder / f".lock.{socket.gethostname()}.{os.getpid()}"
    mine.write_text(json.dumps(_me()))
    said = False
    try:
        while not _linked(mine, lock):
            try:
                _take_over_or_stop(lock, mine)
            except UserError as error:
                if not wait:
                    raise
                if not said:
                    print(f"Waiting: {error}", file=sys.stderr)
                said = True
                time.sleep(LOOK)
    except BaseException:
        mine.unlink()
        raise
    stop = threading.Event()
    heart = threading.Thread(target=_beat, args=(mine, stop), daemon=True)
    heart.start()
    try:
        yield
    finally:
        stop.set()
        heart.join()
        if lock.exists() and lock.samefile(mine):
            lock.unlink()
        mine.unlink(missing_ok=True)


def holder(folder: Path) -> str | None:
    """Return ``"host h, pid p"`` of the living process that holds a folder's lock, or None."""
    lock = folder / "lock"
    try:
        them, age = _holder(lock.read_bytes()), time.time() - lock.stat().st_mtime
    except FileNotFoundError:
        return None
    return f"host {them['host']}, pid {them['pid']}" if _alive(them, age) else None


def _holder(content: bytes) -> dict[str, object]:
    """Return what a lock says of its process; one that a power cut emptied says nothing, and counts as another host's."""
    try:
        them = json.loads(content)
        return {name: them[name] for name in ("host", "pid", "started")}
    except (ValueError, TypeError, KeyError):
        return {"host": "an unknown host", "pid": "unknown"}


def _me() -> dict[str, object]:
    return {"host": socket.gethostname(), "pid": os.getpid(), "started": psutil.Process().create_time()}


def _alive(them: dict[str, object], age: float) -> bool:
    if them["host"] != socket.gethostname():
        return age < DEAD
    try:  # the start time (known to a second or so) tells a process from a later one with the same number
        return abs(psutil.Process(int(str(them["pid"]))).create_time() - float(str(them["started"]))) < 2
    except psutil.NoSuchProcess:
        return False


def _linked(mine: Path, lock: Path) -> bool:
    try:
        lock.hardlink_to(mine)
    except FileExistsError:
        return False
    return True


def _take_over_or_stop(lock: Path, mine: Path) -> None:
    """Remove a dead process's lock, or raise."""
    mine.touch()
    try:
        content, age = lock.read_bytes(), mine.stat().st_mtime - lock.stat().st_mtime
    except FileNotFoundError:
        return  # given back in the meantime: try again
    them = _holder(content)
    if _alive(them, age):
        raise UserError(
            f"{lock.parent.name} is being trained by pid {them['pid']} on {them['host']} (last sign of life {age:.0f} s ago): "
            f"wait for it, or stop it first; {lock} is taken over once it is dead."
        )
    aside = lock.with_name(f".stale.{socket.gethostname()}.{os.getpid()}")
    try:
        lock.rename(aside)
    except FileNotFoundError:
        return
    if aside.read_bytes() != content:  # another process was faster and this is its living lock: give it back
        _linked(aside, lock)
    elif (theirs := lock.with_name(f".lock.{them['host']}.{them['pid']}")) != mine:  # a dead process's number may be ours now
        theirs.unlink(missing_ok=True)
    aside.unlink()


def _beat(mine: Path, stop: threading.Event) -> None:
    while not stop.wait(BEAT):
        with suppress(OSError):  # a file server that does not answer now may do so at the next beat
            mine.touch()
