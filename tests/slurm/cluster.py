"""A real Slurm on this machine: one node, two CPUs, two declared GPUs; munge, slurmctld and slurmd without systemd.

A fixture starts and stops it; by hand: ``python -m tests.slurm.cluster FOLDER`` holds it until it is interrupted.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

#: Programs read the configuration here: the executor plugin's job step drops SLURM_CONF.
ETC = Path("/etc/slurm")
LOCK = Path("/tmp/rhelbench-slurm.lock")
CPUS, GPUS = 2, 2

CONFIGURATION = """\
ClusterName=rhelbench-test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={home}/munge.socket
StateSaveLocation={home}/state
SlurmdSpoolDir={home}/spool
SlurmctldPidFile={home}/slurmctld.pid
SlurmdPidFile={home}/slurmd.pid
SlurmctldLogFile={home}/slurmctld.log
SlurmdLogFile={home}/slurmd.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=5
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MinJobAge=86400
KillWait=10
GresTypes=gpu
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
NodeName=node1 NodeHostname={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=200000 Gres=gpu:{gpus} State=UNKNOWN
PartitionName=main Nodes=node1 Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> str | None:
    """Return why Slurm cannot run here; None if it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "a test's Slurm is started as root, on Linux"
    for program in ("munged", "slurmctld", "slurmd", "sbatch"):
        if not shutil.which(program):
            return f"no {program}: tests/packages.sh installs Debian's packages"
    config = ETC / "slurm.conf"
    if config.exists() and "ClusterName=rhelbench-test\n" not in config.read_text():
        return f"{config} belongs to another Slurm"
    return None


def pid(stem: Path) -> int | None:
    """Return the process number in ``<stem>.pid`` if that process lives."""
    try:
        number = int(stem.with_suffix(".pid").read_text())
        os.kill(number, 0)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return None
    return number


class Cluster:
    """The daemons of one test cluster, all of whose state is below ``home``; at most one on a machine. It may claim more CPUs."""

    def __init__(self, home: Path, cpus: int = CPUS) -> None:
        self.home, self.cpus = home, cpus

    def start(self) -> None:
        """Wait for another test's cluster to end; write the configuration, start the daemons, wait until the node is idle.

        Raises:
            RuntimeError: the node is not idle in time.
        """
        self._lock = LOCK.open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        for folder in (self.home, self.home / "state", self.home / "spool", ETC):
            folder.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o755)
        key = self.home / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        for number in range(GPUS):  # a count alone leaves the node INVAL: a GPU needs a device file
            os.mknod(self.home / f"gpu{number}", 0o20666, os.makedev(1, 3))
        host = subprocess.run(["hostname", "-s"], capture_output=True, text=True, check=True).stdout.strip()
        (self.home / "slurm.conf").write_text(CONFIGURATION.format(home=self.home, host=host, cpus=self.cpus, gpus=GPUS))
        (self.home / "gres.conf").write_text(f"NodeName=node1 Name=gpu File={self.home}/gpu[0-{GPUS - 1}]\n")
        for name in ("slurm.conf", "gres.conf"):
            (ETC / name).unlink(missing_ok=True)
            (ETC / name).symlink_to(self.home / name)
        self.run("munged", "--force", f"--key-file={key}", f"--socket={self.home}/munge.socket",
                 f"--pid-file={self.home}/munged.pid",
                 f"--log-file={self.home}/munged.log", f"--seed-file={self.home}/munge.seed")  # fmt: skip
        self.start_controller()
        self.run("slurmd", "-N", "node1")
        self.wait_for_node("idle")

    def start_controller(self) -> None:
        """Start slurmctld, which reads the state it left."""
        self.run("slurmctld")

    def stop_controller(self) -> None:
        """Stop slurmctld as an operator would; jobs go on."""
        self._end("slurmctld")

    def stop(self) -> None:
        """Cancel all jobs and stop the daemons, by their own process numbers, in the reverse order of their start."""
        if pid(self.home / "slurmctld"):
            subprocess.run(["scancel", "--me"], timeout=30, check=False, capture_output=True)
            until = time.monotonic() + 20
            while self.jobs("running,completing") and time.monotonic() < until:
                time.sleep(0.2)
        for name in ("slurmd", "slurmctld", "munged"):
            self._end(name)
        for name in ("slurm.conf", "gres.conf"):
            if (ETC / name).is_symlink() and (ETC / name).readlink() == self.home / name:
                (ETC / name).unlink()
        self._lock.close()

    def node(self, **settings: str) -> None:
        """Set something of the node, for example ``state="drain"``."""
        self.run("scontrol", "update", "nodename=node1", *(f"{key}={value}" for key, value in settings.items()))

    def jobs(self, states: str = "all") -> dict[str, str]:
        """Return the comment (rule and wildcards) of the jobs in given states by their ids, array tasks one by one."""
        lines = self.run("squeue", "--noheader", "--array", f"--states={states}", "--format=%i %k").splitlines()
        return dict(line.split(" ", 1) for line in lines)

    def wait_for_node(self, state: str, seconds: float = 60) -> None:
        """Wait until the node is in a state.

        Raises:
            RuntimeError: it is not in time.
        """
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            done = subprocess.run(["sinfo", "-h", "-o", "%T"], capture_output=True, text=True, check=False)
            if done.stdout.strip().startswith(state):
                return
            time.sleep(0.2)
        raise RuntimeError(f"node is {done.stdout.strip()!r} {done.stderr.strip()!r}, not {state}; see {self.home}/*.log")

    def run(self, *command: str) -> str:
        """Run a program of Slurm's and return what it prints.

        Raises:
            RuntimeError: it fails; with its own words.
        """
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout

    def _end(self, name: str) -> None:
        number = pid(self.home / name)
        if number is None:
            return
        os.kill(number, signal.SIGTERM)
        until = time.monotonic() + 20
        while pid(self.home / name) and time.monotonic() < until:
            time.sleep(0.1)
        if pid(self.home / name):
            os.kill(number, signal.SIGKILL)


if __name__ == "__main__":
    cluster = Cluster(Path(sys.argv[1]).resolve())
    cluster.start()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        signal.pause()
    finally:
        cluster.stop()
