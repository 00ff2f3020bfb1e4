"""The figures: medians over the rounds, ratios that are taken within each round, as JSON and as tables."""

import dataclasses
import statistics
from collections.abc import Callable, Iterable, Sequence

from gateway.processes import Failure

from . import budgets
from .sample import Sample
from .workload import Contestant, Workload


@dataclasses.dataclass(frozen=True)
class Spread:
    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        values = list(values)
        return cls(statistics.median(values), min(values), max(values))

    def __str__(self) -> str:
        return f"{short(self.median)} ({short(self.least)}–{short(self.most)})"


def short(value: float) -> str:
    """Three digits that count: 0.0321, 1.25, 12.5, 125."""
    for bound, digits in ((0.1, 4), (1, 3), (10, 2), (100, 1)):
        if abs(value) < bound:
            return f"{value:.{digits}f}"
    return f"{value:.0f}"


def document(about: dict, workloads: Sequence[Workload], fields: dict[str, list[Contestant]],
             samples: Sequence[Sample]) -> dict:
    """All of it, for the JSON file."""
    return {
        **about, "unit": "CPU seconds per 1,000 operations, user and kernel; medians over the rounds",
        "versions": {each.name: each.version for found in fields.values() for each in found},
        "results": [_result(workload, fields[workload.name], samples) for workload in workloads],
        "samples": [dataclasses.asdict(sample) for sample in samples],
    }


def merged(documents: Sequence[dict], order: Sequence[str]) -> dict:
    """One document of the figures of several runs; of a workload that several have, the last one's count."""
    first = documents[0]
    for name in ("set", "rounds", "seconds", "cores", "pinning"):
        if any(each[name] != first[name] for each in documents):
            raise Failure(f"the runs differ in {name}: {', '.join(str(each[name]) for each in documents)}.")
    results = {result["name"]: (result, each) for each in documents for result in each["results"]}
    return {
        **first, "versions": {side: version for each in documents for side, version in each["versions"].items()},
        "left_out": list(dict.fromkeys(sentence for each in documents for sentence in each["left_out"])),
        "is_whole": all(each["is_whole"] for each in documents),
        "results": [results[name][0] for name in order if name in results],
        "samples": [sample for name in order if name in results for sample in results[name][1]["samples"]
                    if sample["workload"] == name],
    }


def _result(workload: Workload, contestants: Sequence[Contestant], samples: Sequence[Sample]) -> dict:
    by_side = {each.name: {sample.round: sample for sample in samples
                           if sample.workload == workload.name and sample.side == each.name} for each in contestants}
    ours = by_side.get(workload.ours, {})
    return {
        "name": workload.name, "title": workload.title, "text": workload.text, "ours": workload.ours,
        "columns": workload.columns, "without": list(workload.without),
        "sides": {name: _figures(mine, ours if name != workload.ours else None)
                  for name, mine in by_side.items() if mine},
    }


def _figures(mine: dict[int, Sample], ours: dict[int, Sample] | None) -> dict:
    samples = list(mine.values())

    def median(value: Callable[[Sample], float | None]) -> float | None:
        known = [each for each in map(value, samples) if each is not None]
        return statistics.median(known) if known else None

    groups = list(dict.fromkeys(group for sample in samples for group in sample.cpu))
    figures = {
        "cpu": median(Sample.per_thousand),
        "groups": {group: median(lambda sample: sample.per_thousand(group)) for group in groups},
        "instructions": median(Sample.thousand_instructions),
        "instruction_groups": {group: median(lambda sample: sample.thousand_instructions(group)) for group in groups},
        "memory": {group: median(lambda sample: sample.memory.get(group)) for group in samples[0].memory},
        "rate": median(lambda sample: sample.rate),
        **{name: median(lambda sample: getattr(sample, name)) for name in ("p50", "p99", "p999")},
        "errors": sum(sum(sample.errors.values()) for sample in samples),
        "refused": sum(sample.refused for sample in samples),
        "more": {name: dataclasses.asdict(Spread.of(sample.more[name] for sample in samples if name in sample.more))
                 for name in samples[0].more},
    }
    if ours:
        # Of each round its own ratio: the machine may be slower in the next one.
        ratios = [mine[number].per_thousand() / ours[number].per_thousand()
                  for number in mine if number in ours and ours[number].per_thousand()]
        if ratios:
            figures["to_ours"] = dataclasses.asdict(Spread.of(ratios))
    return figures


# --- tables ----------------------------------------------------------------------------------------------------------


def markdown(document: dict, pictures: str = "") -> str:
    """The same to be read; `pictures` is the folder with the plots, from where the text is."""
    versions = dict.fromkeys(document["versions"].values())
    lines = [
        f"{'; '.join([*versions, *document['tools']])}. {document['cores']} cores: {document['pinning']}. "
        f"{document['rounds']} interleaved rounds of {document['seconds']:g} s, set `{document['set']}`, "
        f"{document['measured'][:10]}.",
        "",
        "CPU is in seconds per 1,000 operations, user and kernel, of all processes of a side, and in brackets by what "
        "they are; `times ours` is a side's CPU to Gatehouse's in the same round, median (least–most). Latencies are those "
        f"of callers who ask again at once. Memory is {document['memory']}, after the load.",
    ]
    if document.get("against"):
        lines += ["", f"The other build is the one in {document['against']}."]
    if document["left_out"]:
        lines += ["", *[f"- {sentence}" for sentence in document["left_out"]]]
    lines += _head(document)
    for result in document["results"]:
        lines += ["", f"### {result['title']}", "", result["text"], "", *_table(result)]
        if pictures and has_picture(result):
            lines += ["", f"![CPU and latency: {result['title']}]({pictures}/{result['name']}.svg)"]
    return "\n".join(lines)


def has_picture(result: dict) -> bool:
    """Whether there is a plot of it."""
    return "cpu" not in result["without"] and len(result["sides"]) > 1


def _head(document: dict) -> list[str]:
    rows = budgets.rows(document["results"])
    if not rows:
        return []
    columns = ["", "budget", "measured", "of the budget", "pace", "of the budget at pace 1", "peers to ours"]
    lines = [_row(columns), "|---" * len(columns) + "|"]
    for row in rows:
        peers = ", ".join(f"{name} {Spread(**spread)}" for name, spread in row.peers.items())
        paced = (short(row.pace), f"{row.share / row.pace:.0%}") if row.pace else ("", "")
        lines.append(_row([row.title, row.budget_text, row.measured_text, f"{row.share:.0%}", *paced, peers]))
    return ["", *lines, "",
            "Budgets are absolute, and machines are not alike: `pace` is how many times as long a limit program of the same "
            "workload, for the gateway nginx, took in these rounds as on the machine that the budgets were set by."]


def _table(result: dict) -> list[str]:
    without = result["without"]
    columns = ["side"]
    if "cpu" not in without:
        columns += ["CPU s per 1,000", "times ours"]
    if any(figures.get("instructions") for figures in result["sides"].values()):
        columns += ["1,000 instructions"]
    columns += result["columns"]
    if "latency" not in without:
        columns += ["p50 ms", "p99 ms", "p999 ms"]
    if "rate" not in without:
        columns += ["per second"]
    if any(figures["refused"] for figures in result["sides"].values()):
        columns += ["refused"]
    columns += ["errors"]
    if "memory" not in without:
        columns += ["memory MiB"]
    lines = [_row(columns), "|---" * len(columns) + "|"]
    for name, figures in result["sides"].items():
        cells = {
            "side": name, "CPU s per 1,000": _shares(figures["cpu"], figures["groups"]),
            "1,000 instructions": _shares(figures.get("instructions"), figures.get("instruction_groups", {})),
            "times ours": str(Spread(**figures["to_ours"])) if "to_ours" in figures else "",
            "per second": f"{figures['rate']:,.0f}", "refused": f"{figures['refused']:,}",
            "errors": f"{figures['errors']:,}", "memory MiB": _memory(figures),
            **{f"{each} ms": short(figures[each]) if figures[each] is not None else "" for each in
               ("p50", "p99", "p999")},
            **{column: _more(figures["more"].get(column), form) for column, form in result["columns"].items()},
        }
        lines.append(_row([cells[column] for column in columns]))
    return lines


def _shares(whole: float | None, groups: dict[str, float]) -> str:
    """All of it, and in brackets by groups, but for those with next to nothing."""
    if whole is None:
        return ""
    parts = [f"{group} {short(used)}" for group, used in groups.items() if used >= whole / 200]
    return short(whole) + (f" ({', '.join(parts)})" if len(parts) > 1 else "")


def _memory(figures: dict) -> str:
    sizes = figures["memory"]
    if not sizes:
        return ""
    parts = [f"{group} {size / (1 << 20):.0f}" for group, size in sizes.items() if size]
    return f"{sum(sizes.values()) / (1 << 20):.0f}" + (f" ({', '.join(parts)})" if len(parts) > 1 else "")


def _more(spread: dict | None, form: str) -> str:
    if spread is None:
        return ""
    values = [form.format(spread[name]) for name in ("median", "least", "most")]
    return f"{values[0]} ({values[1]}–{values[2]})" if values[1] != values[2] else values[0]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
