"""Who holds a lock, when one is dead, and what a lock says."""

import errno
import json
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from rhelbench import lock
from rhelbench.errors import UserError

#: Takes a lock that its last holder left dead behind, over and over, and leaves it dead behind again.
CONTENDER = """
import os, sys, time
from pathlib import Path
from rhelbench import lock

folder, dead, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
lock.LOOK = 0.0005
marks = os.open(folder.parent / "marks", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
for _ in range(rounds):
    with lock.exclusive(folder, wait=True):
        os.write(marks, f"enter {os.getpid()}\\n".encode())
        time.sleep(0.0002)
        os.write(marks, f"leave {os.getpid()}\\n".encode())
        left = folder / f"left.{os.getpid()}"
        left.write_text(dead)
        left.replace(folder / "lock")
"""
ROUNDS = 100


def says(pid, started):
    return json.dumps({"host": socket.gethostname(), "pid": pid, "started": started})


@pytest.fixture
def dead():
    """The lock of a process that has ended."""
    process = subprocess.Popen(["true"])
    process.wait()
    return says(process.pid, 5.0)


@pytest.fixture
def living():
    """The locks of two living processes."""
    processes = [subprocess.Popen(["sleep", "60"]) for _ in range(2)]
    yield [says(process.pid, psutil.Process(process.pid).create_time()) for process in processes]
    for process in processes:
        process.kill()
        process.wait()


def test_who_comes_second_to_a_dead_lock_leaves_the_first_ones(tmp_path, monkeypatch, dead, living):
    file, (first, third) = tmp_path / "lock", living
    file.write_text(dead)
    judge = lock._alive

    def overtaken(them, age):
        """Judge a lock; before the first judgement is acted upon, another process takes the dead lock over."""
        monkeypatch.setattr(lock, "_alive", judge)
        file.unlink()
        file.write_text(first)
        return judge(them, age)

    def watched(change):
        """Let a third process take the lock at once whenever there is none."""

        def changed(path, *arguments, **options):
            found = change(path, *arguments, **options)
            if not file.exists():
                file.write_text(third)
            return found

        return changed

    monkeypatch.setattr(lock, "_alive", overtaken)
    for change in (Path.rename, Path.replace):
        monkeypatch.setattr(Path, change.__name__, watched(change))
    with pytest.raises(UserError, match=f"is being trained by pid {json.loads(first)['pid']} "), lock.exclusive(tmp_path):
        pass
    assert file.read_text() == first


def test_processes_that_contend_for_a_dead_lock_are_never_two_inside(tmp_path, dead):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "lock").write_text(dead)
    command = [sys.executable, "-c", CONTENDER, str(folder), dead, str(ROUNDS)]
    contenders = [subprocess.Popen(command) for _ in range(3)]
    assert [contender.wait(120) for contender in contenders] == [0, 0, 0]
    marks = [mark.split() for mark in (tmp_path / "marks").read_text().splitlines()]
    assert len(marks) == 6 * ROUNDS
    for enter, leave in zip(marks[::2], marks[1::2], strict=True):
        assert (enter[0], leave[0], enter[1]) == ("enter", "leave", leave[1])
    assert [path.name for path in folder.iterdir()] == ["lock"]


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_where_a_file_system_locks_no_file_a_dead_lock_stays(tmp_path, monkeypatch, dead, number):
    def refuse(*arguments):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(lock.fcntl, "lockf", refuse)
    with lock.exclusive(tmp_path):
        assert lock.holder(tmp_path) is not None
    assert lock.holder(tmp_path) is None
    (tmp_path / "lock").write_text(dead)
    with pytest.raises(UserError, match="has no file locks"), lock.exclusive(tmp_path, wait=True):
        pass
    assert (tmp_path / "lock").read_text() == dead
    assert {path.name for path in tmp_path.iterdir()} == {"lock", "lock.guard"}


def test_threads_that_hold_different_folders_do_not_disturb_each_other(tmp_path, dead):
    """The kernel knows processes, not threads: what one thread gives back must not free another's guard."""

    def hold(folder):
        for _ in range(ROUNDS):
            (folder / "lock").write_text(dead)
            with lock.exclusive(folder):
                assert lock.holder(folder) is not None
            assert list(folder.iterdir()) == []

    folders = [tmp_path / name for name in "abcd"]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor() as pool:
        list(pool.map(hold, folders))


def test_a_guard_that_a_dead_process_left_behind_guards_nothing(tmp_path, dead):
    (tmp_path / "lock").write_text(dead)
    (tmp_path / "lock.guard").touch()
    with lock.exclusive(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_dead_process_with_our_number_is_not_us(tmp_path):
    """In a container every process may have the same number: the dead one's file must not become ours."""
    theirs = tmp_path / f".lock.{socket.gethostname()}.{os.getpid()}"
    theirs.write_text(says(os.getpid(), 5.0))
    (tmp_path / "lock").hardlink_to(theirs)
    with lock.exclusive(tmp_path):
        assert lock.holder(tmp_path) is not None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_gone_has_nothing_to_give_back(tmp_path):
    folder = tmp_path / "run"
    with lock.exclusive(folder):
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
    assert not folder.exists()


def test_a_note_is_shown_with_the_holder(tmp_path):
    with lock.exclusive(tmp_path, note="job 17"):
        assert lock.holder(tmp_path) == f"host {socket.gethostname()}, pid {os.getpid()}, job 17"
        assert json.loads((tmp_path / "lock").read_text())["note"] == "job 17"
    assert lock.holder(tmp_path) is None


def wait_for(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def test_locks(tmp_path, monkeypatch):
    file = tmp_path / "lock"
    dead = subprocess.Popen(["true"])
    dead.wait()
    mine = json.loads(json.dumps(lock._me()))
    for them, age, taken in (
        (mine | {"pid": dead.pid}, 0, True),  # no such process
        (mine | {"started": 5.0}, 0, True),  # a later process has its number
        (mine | {"host": "elsewhere"}, 2 * lock.DEAD, True),  # no sign of life from another host
        (mine | {"host": "elsewhere"}, 0.5 * lock.DEAD, False),
        (mine, 0, False),
    ):
        file.write_text(json.dumps(them))
        then = time.time() - age
        os.utime(file, (then, then))
        assert (lock.holder(tmp_path) is None) == taken
        if taken:
            with lock.exclusive(tmp_path):
                assert lock.holder(tmp_path) == f"host {mine['host']}, pid {mine['pid']}"
            assert list(tmp_path.iterdir()) == []
        else:
            with (
                pytest.raises(UserError, match=f"is being trained by pid {them['pid']} on {them['host']}"),
                lock.exclusive(tmp_path),
            ):
                pass
            file.unlink()


@pytest.mark.parametrize("content", ["", "[]", "{}"])
def test_an_unreadable_lock_is_dead_once_it_is_old(tmp_path, content):
    file = tmp_path / "lock"
    file.write_text(content)
    with pytest.raises(UserError, match="is being trained by pid unknown on an unknown host"), lock.exclusive(tmp_path):
        pass
    then = time.time() - 2 * lock.DEAD
    os.utime(file, (then, then))
    assert lock.holder(tmp_path) is None
    with lock.exclusive(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_sign_of_life_that_fails_is_not_the_last(tmp_path, monkeypatch):
    touched = []

    def touch(self):
        touched.append(self)
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(lock, "BEAT", 0.01)
    monkeypatch.setattr(Path, "touch", touch)
    with lock.exclusive(tmp_path):
        wait_for(lambda: len(touched) > 1)
    assert {path.parent for path in touched} == {tmp_path}
