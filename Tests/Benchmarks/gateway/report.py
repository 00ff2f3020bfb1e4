"""The figures: medians over the rounds, and ratios that are taken within each round."""

import dataclasses
import statistics

OURS = "gatehouse"
UNIT = "CPU seconds per 1,000 requests, user and kernel; medians over the rounds"


def results(workloads, sides, samples):
    """For each workload the medians of each side and, of each peer, how many times its CPU ours is."""
    return [{
        "name": workload.name, "title": workload.title, "connections": workload.connections,
        "streams": workload.streams, "tls": workload.is_tls,
        "sides": {side.name: _figures(workload, side, samples) for side in sides},
    } for workload in workloads]


def _of(samples, workload, side):
    return {sample.round: sample for sample in samples if sample.workload == workload and sample.side == side}


def _figures(workload, side, samples):
    ours, theirs = _of(samples, workload.name, OURS), _of(samples, workload.name, side.name)
    names = ("front", "whole", "p50_ms", "p99_ms", "requests_per_second", "resident_bytes")
    figures = {name: statistics.median(getattr(sample, name) for sample in theirs.values()) for name in names}
    figures["failed"] = sum(sample.failed for sample in theirs.values())
    if side.name != OURS:
        # Of each round its own ratio: the machine may be slower in the next one.
        figures["ratio"] = {name: _spread([getattr(ours[number], name) / getattr(theirs[number], name)
                                           for number in theirs]) for name in ("front", "whole")}
    return figures


def _spread(values):
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def document(about, workloads, sides, samples, calls):
    """All of it, for the JSON file."""
    return {
        **about, "unit": UNIT, "versions": {side.name: side.version for side in sides},
        "results": results(workloads, sides, samples), "system_calls": calls,
        "rounds": [dataclasses.asdict(sample) for sample in samples],
    }


def markdown(document):
    """The same as tables."""
    versions = document["versions"]
    lines = [
        f"{', '.join([*versions.values(), *document['tools']])}; {document['cores']} cores, which the load shares, as "
        f"many workers or threads each; answer of {document['response_bytes']} bytes; interleaved, "
        f"{rounds(document['round_count'], document['seconds_per_load'])}, {document['measured'][:10]}.",
        "",
        "CPU is in seconds per 1,000 requests: of the proxy alone (front) and with what is behind it (whole: the token "
        "service and Redis, or the nginx origin). Ratios are Gatehouse's CPU to the peer's, median and range of the "
        "rounds. Latencies are those of callers who ask again at once.",
    ]
    if "caddy" in versions:
        lines += ["", "Debian's Caddy has no rate limit, so it does less than the others."]
    columns = ["workload", "proxy", "front", "whole", "ratio front", "ratio whole", "p50 ms", "p99 ms", "requests/s",
               "failed", "RSS MiB"]
    lines += ["", _row(columns), "|---" * len(columns) + "|"]
    for workload in document["results"]:
        for index, (name, figures) in enumerate(workload["sides"].items()):
            ratios = [_range(figures["ratio"][key]) if "ratio" in figures else "" for key in ("front", "whole")]
            lines.append(_row([
                workload["title"] if index == 0 else "", name, f"{figures['front']:.4f}", f"{figures['whole']:.4f}",
                *ratios, f"{figures['p50_ms']:.2f}", f"{figures['p99_ms']:.2f}",
                f"{figures['requests_per_second']:.0f}", str(figures["failed"]),
                f"{figures['resident_bytes'] / (1 << 20):.1f}"]))
    if document["system_calls"]:
        lines += ["", "| system calls per request, HTTP/1.1, 32 connections | all | most of them |", "|---|---|---|"]
        for name, calls in document["system_calls"].items():
            named = ", ".join(f"{call} {count:.2f}" for call, count in calls["by_name"].items() if count >= 0.01)
            lines.append(_row([name, f"{calls['per_request']:.2f}", named]))
    return "\n".join(lines)


def rounds(number, seconds):
    return f"{number} round{'s' if number > 1 else ''} of {seconds} s"


def _range(spread):
    return f"{spread['median']:.2f} ({spread['least']:.2f}–{spread['most']:.2f})"


def _row(cells):
    return f"| {' | '.join(cells)} |"
