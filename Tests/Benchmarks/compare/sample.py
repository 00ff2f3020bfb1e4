"""What one load on one side has shown."""

import dataclasses


@dataclasses.dataclass
class Sample:
    """Times are in seconds, latencies in milliseconds, memory in bytes."""

    operations: int
    seconds: float
    # CPU of the processes by group, user and kernel.
    cpu: dict[str, float]
    # Latencies; None where the load does not tell them.
    p50: float | None = None
    p99: float | None = None
    p999: float | None = None
    # What must not happen, by what it was, and how often.
    errors: dict[str, int] = dataclasses.field(default_factory=dict)
    # Refusals that were asked for: they are part of the operations.
    refused: int = 0
    memory: dict[str, int] = dataclasses.field(default_factory=dict)
    # Instructions by group, user and kernel; empty where they are not counted.
    instructions: dict[str, float] = dataclasses.field(default_factory=dict)
    # Figures of one workload alone, by what its column says.
    more: dict[str, float] = dataclasses.field(default_factory=dict)
    # Filled in by the driver.
    workload: str = ""
    side: str = ""
    round: int = 0

    def per_thousand(self, group: str | None = None) -> float:
        """CPU seconds per 1,000 operations, of one group or of all."""
        return _of(self.cpu, group) * 1000 / self.operations

    def thousand_instructions(self, group: str | None = None) -> float | None:
        """Thousands of instructions for each operation, of one group or of all."""
        return _of(self.instructions, group) / 1000 / self.operations if self.instructions else None

    @property
    def rate(self) -> float:
        return self.operations / self.seconds


def _of(groups: dict[str, float], group: str | None) -> float:
    return groups.get(group, 0.0) if group else sum(groups.values())


def outside(found: int, least: int, most: int, what: str) -> dict[str, int]:
    """An error for each one that there is too few or too many, by a sentence; none where all is well."""
    if least <= found <= most:
        return {}
    return {f"{what}: {found}, not {least} to {most}": least - found if found < least else found - most}
