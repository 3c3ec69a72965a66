"""Circumstances of a run; they are not compared between runs."""

import hashlib
import io
import os
import platform
import resource
import socket
import subprocess
import sys
import tarfile
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from rhelbench import __version__
from rhelbench.config import cores
from rhelbench.digest import ROOT, code_digest
from rhelbench.errors import UserError
from rhelbench.spec import RunSpec


def git_state() -> dict[str, Any]:
    """Return the commit and whether tracked files differ from it; None for both if git fails."""

    def ask(*arguments: str) -> str | None:
        try:
            done = subprocess.run(("git", "-C", str(ROOT), *arguments), capture_output=True, text=True, timeout=10, check=True)
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout.strip()

    changed = ask("status", "--porcelain", "--untracked-files=no")
    return {"commit": ask("rev-parse", "HEAD"), "dirty": None if changed is None else bool(changed)}


def commit_unknown() -> str | None:
    """Return a sentence with cause and remedy if git does not know the code's commit, else None."""
    try:
        ask, english = ("git", "-C", str(ROOT), "rev-parse", "HEAD"), {**os.environ, "LC_ALL": "C"}
        done = subprocess.run(ask, capture_output=True, text=True, timeout=10, env=english)
    except (OSError, subprocess.SubprocessError) as error:
        why, remedy = f"git is not installed or does not answer ({error})", "install it"
    else:
        if not done.returncode:
            return None
        if "dubious ownership" in done.stderr:
            why = f"git does not read {ROOT}, which another user owns"
            remedy = f"run `git config --global --add safe.directory {ROOT}`"
        else:
            why, remedy = f"{ROOT} is no git repository with a commit", "clone it with git"
    return f"{why}: records made now will name no commit, and `publish` will refuse them; {remedy} first."


@cache
def loaded_code(framework: str) -> dict[str, Any]:
    """Return ``code_digest`` and ``git_state`` at this process's first call, whatever is edited later.

    Args:
        framework: a key of FRAMEWORKS.
    """
    return {"code_digest": code_digest(framework), "git": git_state()}


def code_of_commit(commit: str, framework: str) -> tuple[str, str]:
    """Return a commit's full name, and the digest of its training code under one framework.

    Args:
        commit: any name of it.
        framework: a key of FRAMEWORKS.

    Raises:
        UserError: git knows no such commit, or its code cannot be digested.
    """
    ask = "import sys; from rhelbench.digest import code_digest; print(code_digest(sys.argv[1]))"
    with tempfile.TemporaryDirectory() as folder:
        try:
            name = ("git", "-C", str(ROOT), "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}")
            full = subprocess.run(name, capture_output=True, text=True, check=True).stdout.strip()
            tree = subprocess.run(("git", "-C", str(ROOT), "archive", full), capture_output=True, check=True).stdout
            with tarfile.open(fileobj=io.BytesIO(tree)) as archive:
                archive.extractall(folder, filter="data")
            done = subprocess.run(
                (sys.executable, "-c", ask, framework), cwd=folder, env={**os.environ, "PYTHONPATH": folder},
                capture_output=True, text=True, check=True,
            )  # fmt: skip
        except (OSError, subprocess.CalledProcessError) as error:
            raise UserError(
                f"'{commit}' is not a commit of this repository whose code can be digested: give the one that made the records."
            ) from error
    return full, done.stdout.strip()


def lock_digest() -> str | None:
    """Return the SHA-256 of constraints.txt, the pinned versions; None if there is no such file."""
    path = ROOT / "constraints.txt"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None


def processor() -> str:
    """Return the processor's model as reported by the operating system."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def peak_host_bytes() -> int:
    """Return the peak memory of this process in bytes; the unit depends on the operating system."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def now() -> str:
    """Return the current time, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def describe(spec: RunSpec, facts: dict[str, Any], packed: str | None = None) -> dict[str, Any]:
    """Return everything about host, device, code and versions.

    Args:
        spec: the run.
        facts: ``Learner.facts()``, empty if the learner could not be built.
        packed: how the run shares its process with others; None if it does not.
    """
    return {
        "host": socket.gethostname(),
        "platform": platform.platform(),
        "processor": processor(),
        "device": facts.get("device"),
        "kernel": facts.get("kernel"),
        "packed": packed,
        "threads": facts.get("threads") or cores.requested_cores(),
        "precision": facts.get("precision"),
        "versions": {"python": platform.python_version(), "rhelbench": __version__, **facts.get("versions", {})},
        "compilations": facts.get("compilations"),
        "peak_host_bytes": peak_host_bytes(),
        "peak_device_bytes": facts.get("peak_device_bytes"),
        **loaded_code(spec.framework),
        "lock_digest": lock_digest(),
    }
