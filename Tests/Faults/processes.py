"""The suite's processes as the machine sees them: to be killed, stopped, and looked at."""

import contextlib
import os
import pathlib
import signal

STORES = ("postgres", "redis")


class Processes:
    def __init__(self, folder: pathlib.Path, gateways: int, tokens: int):
        self.folder = folder
        self.names = [*instances("gateway", gateways), "identity", *instances("token", tokens), "admin"]

    def pid(self, name: str) -> int | None:
        """The process as its supervisor knows it; nothing while there is none."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int((self.folder / "state" / f"{name}.pid").read_text().split()[0])
            os.kill(pid, 0)
            return pid
        return None

    def restarts(self) -> dict[str, int]:
        counts = {}
        for name in (*self.names, *STORES):
            with contextlib.suppress(OSError, ValueError):
                counts[name] = int((self.folder / "state" / f"{name}.restarts").read_text())
        return counts

    def signal(self, name: str, number: signal.Signals) -> None:
        """To a process, and to its children where it is Postgres, except that those end with it by themselves."""
        pid = self.pid(name)
        if pid is None:
            raise ProcessLookupError(f"{name} does not run")
        os.kill(pid, number)
        if number in (signal.SIGSTOP, signal.SIGCONT):
            for child in children(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, number)

    def resident(self) -> dict[str, float]:
        """MiB of memory by process."""
        sizes = {}
        for name in self.names:
            with contextlib.suppress(OSError, TypeError):
                for line in pathlib.Path(f"/proc/{self.pid(name)}/status").read_text().splitlines():
                    if line.startswith("VmRSS:"):
                        sizes[name] = int(line.split()[1]) / 1024
        return sizes


def instances(name: str, count: int) -> list[str]:
    return [name if number == 1 else f"{name}-{number}" for number in range(1, count + 1)]


def children(parent: int) -> list[int]:
    found = []
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError, ValueError):
            if int(pathlib.Path(f"/proc/{int(entry)}/stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(entry))
    return found
