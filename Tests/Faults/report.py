"""What is shown of it."""

import dataclasses

from run import Outcome

SHOWN = 5


def table(outcomes: list[Outcome]) -> str:
    lines = ["| fault | what was observed | bound | ok |", "|---|---|---|---|"]
    for each in outcomes:
        if each.skipped:
            lines.append(f"| {each.name}: {each.title} | skipped: {each.skipped} | | – |")
            continue
        more = len(each.breaches) - SHOWN
        observed = "; ".join([each.observed, *each.breaches[:SHOWN], *([f"and {more} more"] if more > 0 else [])])
        lines.append(f"| {each.name}: {each.title} | {observed} | {each.bound} | {'no' if each.breaches else 'yes'} |")
    return "\n".join(lines)


def document(outcomes: list[Outcome]) -> list[dict[str, object]]:
    return [dataclasses.asdict(each) for each in outcomes]
