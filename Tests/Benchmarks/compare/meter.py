"""CPU and memory of processes by group, and which cores they may use."""

import contextlib
import os
import pathlib
from collections.abc import Callable

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
Groups = dict[str, Callable[[], list[int]]]


def parse_stat(text: str) -> int:
    """Ticks of a process and of those of its children that it has waited for, by its /proc/PID/stat."""
    # The name in parentheses may hold anything; utime, stime, cutime and cstime are the 12th field after it and on.
    fields = text.rpartition(")")[2].split()
    return sum(map(int, fields[11:15]))


def cpu_seconds(pids: list[int]) -> float:
    """User and kernel time so far. What a child used that has ended is its parent's, so nothing is lost or counted
    twice where parents and their living children are all named."""
    ticks = 0
    for pid in pids:
        # A worker that ended between being named and being looked at is its parent's by now.
        with contextlib.suppress(OSError):
            ticks += parse_stat(pathlib.Path(f"/proc/{pid}/stat").read_text())
    return ticks / TICKS_PER_SECOND


def memory_bytes(pids: list[int]) -> tuple[int, bool]:
    """Resident memory; of several processes the proportional set size, in which what they share counts once,
    and whether it might be read."""
    if len(pids) > 1:
        with contextlib.suppress(PermissionError):
            return sum(_kib(pid, "smaps_rollup", "Pss:") for pid in pids) << 10, True
    return sum(_kib(pid, "status", "VmRSS:") for pid in pids) << 10, len(pids) == 1


def _kib(pid: int, name: str, field: str) -> int:
    try:
        lines = pathlib.Path(f"/proc/{pid}/{name}").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(field))


def family(pid: int) -> list[int]:
    """A process and its children, their children too."""
    pids = [pid]
    for parent in pids:
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{parent}/task"):
                children = pathlib.Path(f"/proc/{parent}/task/{task}/children").read_text()
                pids.extend(map(int, children.split()))
    return pids


def threads(pids: list[int], prefix: str = "") -> list[int]:
    """Those of some processes whose name begins so."""
    found = []
    for pid in pids:
        with contextlib.suppress(OSError):
            for thread in map(int, os.listdir(f"/proc/{pid}/task")):
                with contextlib.suppress(OSError):
                    if pathlib.Path(f"/proc/{pid}/task/{thread}/comm").read_text().startswith(prefix):
                        found.append(thread)
    return found


def thread_seconds(ids: list[int]) -> float:
    """User and kernel time so far of threads that go on, by the scheduler's own count (nanoseconds)."""
    return sum(int(pathlib.Path(f"/proc/{thread}/schedstat").read_text().split()[0]) for thread in ids) / 1e9


class GroupMeter:
    """CPU of groups since it was made."""

    def __init__(self, groups: Groups):
        self.groups = groups
        self.before = self._used()
        self.is_proportional = True

    def _used(self) -> dict[str, float]:
        return {name: cpu_seconds(pids()) for name, pids in self.groups.items()}

    def cpu(self) -> dict[str, float]:
        return {name: used - self.before[name] for name, used in self._used().items()}

    def memory(self) -> dict[str, int]:
        sizes = {}
        for name, pids in self.groups.items():
            sizes[name], is_proportional = memory_bytes(pids())
            self.is_proportional = self.is_proportional and is_proportional
        return sizes


class Cores:
    """Which cores servers have and which the load: all but the last, and the last. Nobody is held where there is
    only one core, or where it is not wished for."""

    def __init__(self, is_wanted: bool = True):
        everything = sorted(os.sched_getaffinity(0))
        self.is_pinned = is_wanted and len(everything) > 1
        self.servers = everything[:-1] if self.is_pinned else everything
        self.load = everything[-1] if self.is_pinned else None
        self.refused = False

    def hold_self(self) -> None:
        """Everything that is started from now on has the servers' cores, but for what goes by `load_command`."""
        if self.is_pinned:
            os.sched_setaffinity(0, self.servers)

    def hold(self, groups: Groups) -> None:
        """Again, and for all threads: a process may have chosen its cores itself."""
        if self.is_pinned:
            for pids in groups.values():
                self._hold(threads(pids()), self.servers)

    def hold_apart(self, groups: Groups, ids: list[int]) -> None:
        """Those threads to the servers' cores, all others of these groups to the load's."""
        assert self.load is not None
        for pids in groups.values():
            self._hold(threads(pids()), [self.load])
        self._hold(ids, self.servers)

    def _hold(self, ids: list[int], cores: list[int]) -> None:
        for thread in ids:
            try:
                os.sched_setaffinity(thread, cores)
            except ProcessLookupError:
                pass
            except PermissionError:
                # It has inherited them from us all the same.
                self.refused = True

    def load_command(self, *words: object) -> list[str]:
        pinned = ["taskset", "-c", str(self.load)] if self.load is not None else []
        return [*pinned, *map(str, words)]

    def sentence(self) -> str:
        """What was done, for the report."""
        def listed(cores: list[int]) -> str:
            return ("core " if len(cores) == 1 else "cores ") + ", ".join(map(str, cores))

        if not self.is_pinned:
            return f"not pinned: servers and load share {listed(self.servers)}"
        again = ", by inheritance alone where processes are another user's" if self.refused else ""
        return f"servers held to {listed(self.servers)}, the load to {listed([self.load])}{again}"
