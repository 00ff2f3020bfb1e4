"""Holds processes to a share of a core, by control groups of either version, where root may."""

import contextlib
import os
import pathlib
import time

PERIOD = 50_000


class Shares:
    """Groups of one process each, gone at the end; by then the processes have to be."""

    def __init__(self, share: float):
        self.share = share
        self.groups: dict[str, pathlib.Path] = {}
        second = pathlib.Path("/sys/fs/cgroup/cgroup.controllers")
        first = pathlib.Path("/sys/fs/cgroup/cpu")
        self.is_second = second.exists() and "cpu" in second.read_text().split()
        self.root = second.parent if self.is_second else first

    def why_not(self) -> str | None:
        """Why processes can't be held here; nothing when they can."""
        if os.geteuid() != 0 or not self.root.is_dir() or not os.access(self.root, os.W_OK):
            return "control groups can't be made here: it takes root, and a file system of theirs that may be written"
        try:
            self._group("probe").rmdir()
        except OSError as error:
            return f"control groups can't be made here: {error}"
        return None

    def _group(self, name: str) -> pathlib.Path:
        group = self.root / f"gatehouse-{os.getpid()}-{name}"
        group.mkdir(exist_ok=True)
        quota = max(int(PERIOD * self.share), 1000)
        if self.is_second:
            control = self.root / "cgroup.subtree_control"
            if "cpu" not in control.read_text().split():
                control.write_text("+cpu")
            (group / "cpu.max").write_text(f"{quota} {PERIOD}")
        else:
            (group / "cpu.cfs_period_us").write_text(str(PERIOD))
            (group / "cpu.cfs_quota_us").write_text(str(quota))
        return group

    def hold(self, name: str, process: int) -> None:
        group = self.groups.setdefault(name, self._group(name))
        (group / "cgroup.procs").write_text(str(process))

    def __enter__(self) -> "Shares":
        return self

    def __exit__(self, *_: object) -> None:
        for group in self.groups.values():
            # The kernel takes a moment to see that the last of them has ended.
            for _ in range(50):
                with contextlib.suppress(OSError):
                    group.rmdir()
                    break
                time.sleep(0.1)
