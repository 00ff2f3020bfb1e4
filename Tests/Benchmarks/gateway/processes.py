"""Processes: what they use, and an orderly end of those that are started here."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import time

from suite import ROOT

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Failure(Exception):
    """Why there are no figures, as a sentence."""


def found(program):
    """Where a program is. Debian keeps servers where only root looks."""
    path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        raise Failure(f"there is no '{program}' on this machine.")
    return path


@contextlib.contextmanager
def started(command):
    """A command in a session of its own, whose output `finish` returns. It is ended when we are interrupted."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, start_new_session=True)
    try:
        yield process
    except BaseException:
        end(process)
        raise


def finish(process, timeout=120):
    """Waits for the end of the command and returns all it said."""
    name = pathlib.Path(process.args[0]).name
    try:
        text, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        raise Failure(f"{name} is not done after {timeout} s.") from None
    if process.returncode:
        raise Failure(f"{name} ended with {process.returncode}:\n{text.strip()}")
    return text


def output_of(command):
    """Runs a command to its end and returns all it said."""
    with started(command) as process:
        return finish(process)


def has_ended(process):
    """Whether it has. Its number stays its own until `end`, so that no other process can be meant by it."""
    return process.returncode is not None or _exit(process) is not None


def _exit(process):
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)


def end(process, patience=5):
    """Asks the process to end, then ends what is left of its process group, which is its own."""
    if process.returncode is not None:
        return
    os.kill(process.pid, signal.SIGTERM)
    until = time.monotonic() + patience
    while not has_ended(process) and time.monotonic() < until:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Server:
    """A server that was started here: in a session of its own, what it says in a log."""

    def __init__(self, name, command, folder, environment=None):
        self.name = name
        self.log = pathlib.Path(folder) / f"{name}.log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
                                            env=environment, start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.process)

    def failure(self, what):
        """An error that names the server and shows the end of its log."""
        if has_ended(self.process):
            what = f"has ended with {_exit(self.process).si_status}"
        said = self.log.read_text(errors="replace").strip().splitlines()[-15:]
        return Failure("\n  ".join([f"{self.name} {what}; the end of its log:", *(said or ["(empty)"])]))

    def family(self):
        """Itself and its workers."""
        pid = self.process.pid
        try:
            children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
        except OSError:
            raise self.failure("has ended") from None
        return [pid, *map(int, children.split())]


def cpu_seconds(pids):
    """The time that the processes' own threads, also those that have ended, have used so far, user and kernel."""
    ticks = 0
    for pid in pids:
        # The name in parentheses may hold anything; utime and stime are the 12th and 13th field after it.
        fields = _proc(pid, "stat").rpartition(")")[2].split()
        if fields[0] == "Z":
            raise _gone(pid)
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS_PER_SECOND


def resident_bytes(pids):
    """Their resident memory; what they share counts for each."""
    lines = (line for pid in pids for line in _proc(pid, "status").splitlines() if line.startswith("VmRSS:"))
    return sum(int(line.split()[1]) << 10 for line in lines)


def _proc(pid, name):
    try:
        return pathlib.Path(f"/proc/{pid}/{name}").read_text()
    except OSError:
        raise _gone(pid) from None


def _gone(pid):
    return Failure(f"process {pid}, which is measured, has ended.")


# Services of packages that are installed are not started, as deploy/lib.sh sees to.
_DEPLOY = """
set -euo pipefail
source "$1/deploy/lib.sh"
program=$2
trap 'end_busy; allow_services' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
load_settings
make_folders
"""


def install_packages(folder):
    """Installs what deploy/packages names for benchmarks, as far as it is missing."""
    deploy("Tests/Benchmarks/gateway.py", "install_packages run postgres redis benchmark", folder,
           "the packages that are needed could not be installed.")


def deploy(program, lines, folder, failure):
    """Runs lines of shell with what deploy/lib.sh has. `program` is who speaks; `failure` is told when they fail."""
    environment = {**os.environ, "GATEHOUSE_RUN_DIR": str(folder)}
    process = subprocess.Popen(["bash", "-c", _DEPLOY + lines, "bash", ROOT, program], env=environment,
                               stdin=subprocess.DEVNULL, stdout=2, start_new_session=True)
    try:
        status = process.wait()
    except BaseException:
        end(process, patience=60)
        raise
    if status:
        raise Failure(failure)
