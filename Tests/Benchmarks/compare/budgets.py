"""What was promised, beside what was measured."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Yardstick:
    """Something of the same workload that is none of ours, by which a machine is told from the one of the budgets."""

    side: str
    # What it took there, in CPU seconds per 1,000 operations.
    then: float
    group: str | None = None


_CPU = "CPU s per 1,000"
# User and kernel, for each operation.
_INSTRUCTIONS = "thousand instructions"
# Where the figures have them, of all processes and by group.
_PLACES = {_CPU: ("cpu", "groups"), _INSTRUCTIONS: ("instructions", "instruction_groups")}


@dataclasses.dataclass(frozen=True)
class Budget:
    title: str
    workload: str
    # In CPU seconds per 1,000 operations, or in what the unit says.
    most: float
    # Of one group of processes alone, or of all.
    group: str | None = None
    # A column of Sample.more, in place of CPU.
    column: str | None = None
    unit: str = _CPU
    yardstick: Yardstick | None = None


# They are absolute, and machines are not alike. Nginx's figure is of the machine that they were set on, before there was
# anything of ours; the limit programs' are of a later one, on which nginx took 0.0215.
BUDGETS = (
    Budget("gateway alone, HTTP/1.1, 32 connections", "echo-h1-32", 0.035, group="proxy",
           yardstick=Yardstick("nginx", 0.023, "proxy")),
    Budget("own profile, all processes", "me", 0.10, yardstick=Yardstick("limit: ES256 verification", 0.0640)),
    Budget("refresh, all processes", "refresh", 0.25, yardstick=Yardstick("limit: statement, singly", 0.204)),
    Budget("login beyond its hash", "login", 0.5, column="beyond the hash", yardstick=Yardstick("limit: Argon2id", 8.72)),
    # Of these the machine's pace is no part.
    Budget("gateway alone, HTTP/1.1, 32 connections", "echo-h1-32", 96, group="proxy", unit=_INSTRUCTIONS),
    Budget("own profile, all processes", "me", 220, unit=_INSTRUCTIONS),
    Budget("refresh, all processes", "refresh", 450, unit=_INSTRUCTIONS),
    Budget("client credentials, all processes", "client-credentials", 400, unit=_INSTRUCTIONS),
    Budget("largest process at rest", "memory", 64, column="largest process MiB", unit="MiB"),
    Budget("own profile's p99 under three times the logins", "overload", 3, column="me p99 then to quiet",
           unit="times that without"),
)


@dataclasses.dataclass(frozen=True)
class Row:
    title: str
    budget_text: str
    measured_text: str
    # Measured to budget.
    share: float
    # How many times as long the yardstick took as on the machine of the budgets; nothing where there is none.
    pace: float | None
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
                        _pace(budget.yardstick, result["sides"]),
                        peers if budget.unit == _CPU and not budget.column else {}))
    return made


def _measured(budget: Budget, figures: dict) -> float | None:
    if budget.column:
        spread = figures["more"].get(budget.column)
        return spread["median"] if spread else None
    return _taken(figures, budget.group, budget.unit)


def _pace(yardstick: Yardstick | None, sides: dict[str, dict]) -> float | None:
    if not yardstick or yardstick.side not in sides:
        return None
    now = _taken(sides[yardstick.side], yardstick.group)
    return now / yardstick.then if now else None


def _taken(figures: dict, group: str | None, unit: str = _CPU) -> float | None:
    whole, groups = _PLACES[unit]
    # Figures of earlier runs have no instructions.
    return figures.get(groups, {}).get(group) if group else figures.get(whole)
