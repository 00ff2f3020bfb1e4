"""A disk without room, under Postgres' data and its log."""

import asyncio
import contextlib
import errno
import os
import pathlib
import shutil
import subprocess

from checks import Truth
from fault import SMALL_DISK, Fault
from kills import ALL, BOTH
from suite import Suite

SIZE = "400m"


class SmallDiskSuite(Suite):
    """A suite whose Postgres keeps its data on a small file system of its own."""

    def __enter__(self) -> "SmallDiskSuite":
        place = self.folder / "postgres"
        place.mkdir()
        self.folder.chmod(0o711)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0700", "gatehouse-faults", place], check=True)
        shutil.chown(place, "postgres", "postgres")
        # It is the place that deploy/up finds: where Postgres' user can't reach it, it would take another.
        (self.folder / "postgres.location").write_text(f"{place}\n")
        super().__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self.deploy("down")
        subprocess.run(["umount", self.folder / "postgres"], check=False)
        super().__exit__(*details)


def unfit() -> str | None:
    return None if os.geteuid() == 0 else "A small file system can only be mounted by root."


def fill(path: pathlib.Path) -> None:
    with path.open("ab", buffering=0) as filler:
        for size in (1 << 20, 4096):
            try:
                while True:
                    filler.write(bytes(size))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


async def fill_disk(bench) -> None:
    filler = bench.suite.folder / "postgres" / "filler"
    await asyncio.to_thread(fill, filler)
    # The file of the write-ahead log that is begun has room for a while: the next one has none.
    with contextlib.suppress(subprocess.CalledProcessError):
        await asyncio.to_thread(bench.suite.sql, "select pg_switch_wal(); checkpoint", "postgres")
    await asyncio.to_thread(fill, filler)


async def make_room(bench) -> None:
    (bench.suite.folder / "postgres" / "filler").unlink()


FAULTS = [
    Fault("disk-full", "the disk of Postgres is full", fill_disk, make_room, suite=SMALL_DISK, seconds=15, recovery=25,
          cut_off=BOTH, truth=Truth(changing=ALL), restarted=("postgres",), unfit=unfit),
]
