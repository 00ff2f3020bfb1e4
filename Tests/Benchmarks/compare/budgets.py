"""What was promised, beside what was measured."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Budget:
    title: str
    workload: str
    # In CPU seconds per 1,000 operations, or in MiB where the column is of memory.
    most: float
    # Of one group of processes alone, or of all.
    group: str | None = None
    # A column of Sample.more, in place of CPU.
    column: str | None = None
    unit: str = "CPU s per 1,000"


BUDGETS = (
    Budget("gateway alone, HTTP/1.1, 32 connections", "echo-h1-32", 0.035, group="proxy"),
    Budget("own profile, all processes", "me", 0.10),
    Budget("refresh, all processes", "refresh", 0.25),
    Budget("login beyond its hash", "login", 0.5, column="beyond the hash"),
    Budget("largest process at rest", "memory", 64, column="largest process MiB", unit="MiB"),
    Budget("own profile's p99 under three times the logins", "overload", 3, column="me p99 then to quiet",
           unit="times that without"),
)

# What nginx 1.22 took as a proxy on 32 connections where the budgets were set, and by which they were: they are absolute,
# and machines are not alike.
_YARDSTICK = ("echo-h1-32", "nginx", "proxy", 0.023)


@dataclasses.dataclass(frozen=True)
class Row:
    title: str
    budget_text: str
    measured_text: str
    # Measured to budget.
    share: float
    # Of each peer how many times ours it takes.
    peers: dict[str, dict]


def rows(results: list[dict]) -> list[Row]:
    """Of those budgets whose workload was run."""
    found = {result["name"]: result for result in results}
    made = []
    for budget in BUDGETS:
        result = found.get(budget.workload)
        ours = result["sides"].get(result["ours"]) if result else None
        measured = _measured(budget, ours) if ours else None
        if measured is None:
            continue
        peers = {name: figures["to_ours"] for name, figures in result["sides"].items()
                 if "to_ours" in figures and not name.startswith(("limit", "gatehouse"))}
        made.append(Row(budget.title, f"{budget.most:g} {budget.unit}", f"{measured:.3g}", measured / budget.most,
                        {} if budget.column else peers))
    return made


def pace(results: list[dict]) -> tuple[float, float] | None:
    """What the yardstick took where the budgets were set, and how many times that in this run; nothing where it was not
    measured."""
    workload, side, group, then = _YARDSTICK
    for result in results:
        if result["name"] == workload and side in result["sides"]:
            now = result["sides"][side]["groups"].get(group)
            return (then, now / then) if now else None
    return None


def _measured(budget: Budget, figures: dict) -> float | None:
    if budget.column:
        spread = figures["more"].get(budget.column)
        return spread["median"] if spread else None
    return figures["groups"].get(budget.group) if budget.group else figures["cpu"]
