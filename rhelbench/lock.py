"""One process per folder: a second one stops with an error or waits; a dead process's lock is taken over."""

import errno
import fcntl
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil

from rhelbench.errors import UserError

#: Seconds between two heartbeats, and without a heartbeat after which another host's lock counts as dead.
BEAT, DEAD = 20.0, 300.0
#: Seconds between two checks of a lock while waiting.
LOOK = 2.0

#: One thread per process holds a guard or waits for one. The kernel knows processes only: two threads that wait for other
#: processes would look like a deadlock.
_TURN = threading.Lock()


class _LivingError(UserError):
    """Another living process holds the lock, the only reason to wait."""


@contextmanager
def exclusive(folder: Path, wait: bool = False, note: str = "", work: str = "trained") -> Iterator[None]:
    """Hold the lock of ``folder`` while the block runs.

    The lock is a file with host, pid and the process's start time. Its modification time is a heartbeat, so its
    age is measured by the file server's clock. It is linked into place, which is atomic on network file systems,
    too. A dead process's lock is removed under a guard, a file that the kernel locks for one living process.

    Args:
        folder: created if missing.
        wait: wait for another living process instead of an error.
        note: what ``holder`` reports besides host and pid.
        work: the work on the folder, for the error message.

    Raises:
        UserError: another living process holds the lock and ``wait`` is False; or a dead one's must be taken over
            and the file system has no file locks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock, mine = folder / "lock", folder / f".lock.{socket.gethostname()}.{os.getpid()}"
    mine.unlink(missing_ok=True)  # a dead process may have had our pid, and its file may be linked as the lock
    mine.write_text(json.dumps({**_me(), "note": note}))
    said = False
    try:
        while not _linked(mine, lock):
            try:
                _take_over_or_stop(lock, mine, work)
            except _LivingError as error:
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
        with ExitStack() as stack:
            with suppress(OSError, UserError):  # without guards, no process can take over the lock meanwhile
                stack.enter_context(_guarded(folder))
            with suppress(FileNotFoundError):
                if lock.samefile(mine):
                    lock.unlink()
        mine.unlink(missing_ok=True)


def holder(folder: Path) -> str | None:
    """Return ``"host h, pid p"`` and the note, if any, of the living process that holds a folder's lock, or None."""
    lock = folder / "lock"
    try:
        them, age = _holder(lock.read_bytes()), time.time() - lock.stat().st_mtime
    except FileNotFoundError:
        return None
    note = f", {them['note']}" if them.get("note") else ""
    return f"host {them['host']}, pid {them['pid']}{note}" if _alive(them, age) else None


def _holder(content: bytes) -> dict[str, object]:
    """Return host and pid in a lock; an empty one, after a power failure, counts as another host's."""
    try:
        them = json.loads(content)
        return {name: them[name] for name in ("host", "pid", "started")} | {"note": them.get("note", "")}
    except (ValueError, TypeError, KeyError):
        return {"host": "an unknown host", "pid": "unknown"}


def _me() -> dict[str, object]:
    return {"host": socket.gethostname(), "pid": os.getpid(), "started": psutil.Process().create_time()}


def _alive(them: dict[str, object], age: float) -> bool:
    if them["host"] != socket.gethostname():
        return age < DEAD
    try:  # the start time (to about a second) distinguishes a process from a later one with the same pid
        return abs(psutil.Process(int(str(them["pid"]))).create_time() - float(str(them["started"]))) < 2
    except psutil.NoSuchProcess:
        return False


def _linked(mine: Path, lock: Path) -> bool:
    try:
        lock.hardlink_to(mine)
    except FileExistsError:
        return False
    return True


def _take_over_or_stop(lock: Path, mine: Path, work: str) -> None:
    """Remove a dead process's lock, or raise."""
    if _dead(lock, mine, work) is None:
        return
    with _guarded(lock.parent):
        them = _dead(lock, mine, work)  # another process may have been faster: the state under the guard counts
        if them is None:
            return
        theirs = lock.with_name(f".lock.{them['host']}.{them['pid']}")
        with suppress(FileNotFoundError):
            if theirs.samefile(lock):  # else a living process has the dead one's pid
                theirs.unlink()
        lock.unlink()


def _dead(lock: Path, mine: Path, work: str) -> dict[str, object] | None:
    """Return the dead process that left a lock, or None without a lock; raise if the process is living."""
    mine.touch()
    try:
        them, age = _holder(lock.read_bytes()), mine.stat().st_mtime - lock.stat().st_mtime
    except FileNotFoundError:
        return None
    if _alive(them, age):
        raise _LivingError(
            f"{lock.parent.name} is being {work} by pid {them['pid']} on {them['host']} (last sign of life {age:.0f} s ago): "
            f"wait for it, or stop it first; {lock} is taken over once it is dead."
        )
    return them


@contextmanager
def _guarded(folder: Path) -> Iterator[None]:
    """Hold the guard of a folder, which allows to remove its lock; the kernel frees a dead process's guard.

    Raises:
        UserError: the file system has no file locks.
        OSError: the guard's file cannot be created.
    """
    guard = folder / "lock.guard"
    with _TURN, ExitStack() as stack:
        while True:
            file = stack.enter_context(guard.open("w"))
            try:
                fcntl.lockf(file, fcntl.LOCK_EX)
            except OSError as error:
                if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
                    raise
                raise UserError(
                    f"{folder / 'lock'} was left behind by a dead process, and its file system has no file locks to take it over "
                    f"with: remove it once nobody trains {folder.name}, or choose a --scratch on another file system."
                ) from error
            with suppress(FileNotFoundError):
                if os.path.samestat(guard.stat(), os.fstat(file.fileno())):
                    break
            stack.pop_all().close()  # the previous holder has removed this file, and another process may hold the next one
        try:
            yield
        finally:
            guard.unlink(missing_ok=True)


def _beat(mine: Path, stop: threading.Event) -> None:
    while not stop.wait(BEAT):
        with suppress(OSError):  # an unresponsive file server may answer at the next heartbeat
            mine.touch()
