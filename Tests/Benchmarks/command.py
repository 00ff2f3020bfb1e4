"""What the commands of the benchmarks have in common: what they say, and that they take down what they started."""

import argparse
import resource
import signal
import sys

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def count(text: str) -> int:
    """A type of options that take a small number."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"'{text}' is no number from 1 to 1000")
    return int(text)


def prepare() -> None:
    """Lets signals end the command in order, and this process and its children open as many files as they may."""
    for number in _SIGNALS:
        signal.signal(number, _interrupted)
    # Many callers need a connection each on both sides of a proxy.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _interrupted(number: int, _: object) -> None:
    undisturbed()
    say("Interrupted; taking down what was started")
    raise SystemExit(128 + number)


def undisturbed() -> None:
    """What was started is taken down whatever else is asked of us."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
