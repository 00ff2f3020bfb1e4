"""Instructions of processes, user and kernel, by perf: the same within a per cent where processor time is not."""

import contextlib
import functools
import os
import select
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence

from .meter import Groups

EVENTS = ("instructions:u", "instructions:k")
_PATIENCE = 10


def _perf(events: Sequence[str]) -> list[str]:
    return ["perf", "stat", "-x", ";", "-e", ",".join(events)]


def parsed(text: str, events: Sequence[str]) -> float | None:
    """The sum of these events by the output of `perf stat -x ;`; None where one of them was not counted."""
    found = {}
    for line in text.splitlines():
        fields = line.split(";")
        if len(fields) > 2 and fields[2] in events:
            with contextlib.suppress(ValueError):
                # What has not run is not counted, which is not the same as not supported.
                found[fields[2]] = 0.0 if fields[0] == "<not counted>" else float(fields[0])
    return sum(found.values()) if len(found) == len(events) else None


@functools.cache
def why_not(events: Sequence[str] = EVENTS) -> str | None:
    """Why these can't be counted here; None where they can."""
    if not shutil.which("perf"):
        return "there is no perf (Debian's linux-perf)"
    result = subprocess.run([*_perf(events), "true"], capture_output=True, text=True, check=False)
    if parsed(result.stderr, events) is None:
        return "perf does not support or may not use the processor's counters"
    return None


class NotCounted(Exception):
    """perf has not counted, and why."""


@contextlib.contextmanager
def counted(groups: Groups, events: Sequence[str] = EVENTS) -> Iterator[dict[str, float]]:
    """Counts what the processes of each group do inside the `with`, and what their new threads and children do. The
    dictionary is filled at the end of it.

    Raises NotCounted at the end of it where perf could not: it may not look at processes of other users, or one of them
    had ended just before.
    """
    counts: dict[str, float] = {}
    with contextlib.ExitStack() as stack:
        counters = {name: stack.enter_context(_Counter(found, events)) for name, pids in groups.items() if (found := pids())}
        for counter in counters.values():
            counter.enable()
        yield counts
        # All of them stop before the first is waited for.
        for counter in counters.values():
            counter.stop()
        for name, counter in counters.items():
            counts[name] = counter.count()


class _Counter:
    """perf, attached to some processes."""

    def __init__(self, pids: Sequence[int], events: Sequence[str]):
        self.pids, self.events = pids, events

    def __enter__(self) -> "_Counter":
        (order_in, self.order), (self.answer, answer_out) = os.pipe(), os.pipe()
        # It is attached before it counts: what that costs is in nobody's count.
        self.process = subprocess.Popen(
            [*_perf(self.events), "-p", ",".join(map(str, self.pids)), "-D", "-1",
             "--control", f"fd:{order_in},{answer_out}"],
            pass_fds=(order_in, answer_out), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        os.close(order_in)
        os.close(answer_out)
        return self

    def enable(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self.order, b"enable\n")
            # Its word that it counts, or the end of the pipe where it has failed.
            if select.select([self.answer], [], [], _PATIENCE)[0]:
                os.read(self.answer, 16)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def count(self) -> float:
        try:
            said = self.process.communicate(timeout=_PATIENCE)[1]
        except subprocess.TimeoutExpired:
            raise NotCounted(f"perf did not end in {_PATIENCE} s") from None
        count = parsed(said, self.events)
        if count is None:
            raise NotCounted(" ".join(said.split())[-300:] or "perf said nothing")
        return count

    def __exit__(self, *_: object) -> None:
        os.close(self.order)
        os.close(self.answer)
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
