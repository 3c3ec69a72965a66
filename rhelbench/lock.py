"""One process per folder: the second stops with a sentence or waits, a dead one's lock is taken over."""

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

#: Seconds between two signs of life, and without one after which another host's lock counts as dead.
BEAT, DEAD = 20.0, 300.0
#: Seconds between two looks at a lock that one waits for.
LOOK = 2.0

#: One thread of a process at a time holds a guard or waits for one: the kernel knows processes only, so that two threads
#: that each wait for another process would look like a deadlock.
_TURN = threading.Lock()


class _LivingError(UserError):
    """Another living process holds the lock: the one reason to wait."""


@contextmanager
def exclusive(folder: Path, wait: bool = False, note: str = "", work: str = "trained") -> Iterator[None]:
    """Hold ``folder``'s lock while the block runs; ``wait`` for another living process to give it back first.

    The lock is a file that names host, pid and the process's start; its modification time is a sign of life, so that its
    age is told by the file server's clock. Linking it into place is atomic on network file systems too. A dead process's
    lock is removed under a guard, a file that the kernel locks for one living process at a time.

    Args:
        folder: made if there is none.
        wait: whether to wait for another living process instead of stopping.
        note: what ``holder`` says of the process beside its host and pid.
        work: what is done to what the folder is named after, for the sentence.

    Raises:
        UserError: another living process holds it, and waiting was not asked for; or a dead one's is to be taken over where
            the file system has no file locks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock, mine = folder / "lock", folder / f".lock.{socket.gethostname()}.{os.getpid()}"
    mine.unlink(missing_ok=True)  # a dead process's number may be ours now, and its file be linked as the lock
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
            with suppress(OSError, UserError):  # where nobody can have a guard, nobody takes the lock over meanwhile
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
    """Return what a lock says of its process; one that a power cut emptied says nothing, and counts as another host's."""
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


def _take_over_or_stop(lock: Path, mine: Path, work: str) -> None:
    """Remove a dead process's lock, or raise."""
    if _dead(lock, mine, work) is None:
        return
    with _guarded(lock.parent):
        them = _dead(lock, mine, work)  # another process may have been faster: what counts is what is there under the guard
        if them is None:
            return
        theirs = lock.with_name(f".lock.{them['host']}.{them['pid']}")
        with suppress(FileNotFoundError):
            if theirs.samefile(lock):  # else a living process has the dead one's number
                theirs.unlink()
        lock.unlink()


def _dead(lock: Path, mine: Path, work: str) -> dict[str, object] | None:
    """Return the dead process that left a lock behind, None where there is no lock any more, or raise: it is living."""
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
    """Be the one process that removes a lock in a folder; the kernel gives a dead process's guard to the next.

    Raises:
        UserError: the file system has no file locks.
        OSError: the guard's file cannot be made.
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
            stack.pop_all().close()  # the holder before us has removed this file: another process may hold the next one
        try:
            yield
        finally:
            guard.unlink(missing_ok=True)


def _beat(mine: Path, stop: threading.Event) -> None:
    while not stop.wait(BEAT):
        with suppress(OSError):  # a file server that does not answer now may do so at the next beat
            mine.touch()
