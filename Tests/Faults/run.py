"""Does one fault to a suite under load, lets it recover, and judges."""

import asyncio
import dataclasses
import time

import checks
from bench import Bench
from checks import Window
from fault import Fault
from history import Operation
from suite import quantile

BEFORE, CALM, LONGEST_RECOVERY, MEMORY = 3.0, 2.0, 90.0, 96.0


@dataclasses.dataclass
class Outcome:
    name: str
    title: str
    observed: str = ""
    bound: str = ""
    breaches: list[str] = dataclasses.field(default_factory=list)
    skipped: str = ""
    figures: dict[str, object] = dataclasses.field(default_factory=dict)


async def run(bench: Bench, fault: Fault, seconds: float | None) -> Outcome:
    outcome = Outcome(fault.name, fault.title)
    is_over = asyncio.Event()
    began_load = time.monotonic()
    bench.poller.samples.clear()
    restarts, memory = bench.processes.restarts(), bench.processes.resident()
    await bench.sign_in()
    tasks = bench.start(is_over)
    try:
        await asyncio.sleep(BEFORE)
        began = time.monotonic()
        await fault.inject(bench)
        injected = time.monotonic()
        if fault.seconds is None:
            await bench.back(*fault.restarted)
        else:
            await asyncio.sleep(max((seconds or fault.seconds) - (injected - began), 0))
        mending = time.monotonic()
        await fault.heal(bench)
        ended = time.monotonic()
        await bench.until(lambda: bench.poller.is_green(ended), LONGEST_RECOVERY)
        green = time.monotonic() - ended
        # What still fails after its time is a breach, whatever readiness says.
        await asyncio.sleep(max(fault.recovery - green, 0) + CALM)
        peak = bench.processes.resident()
    finally:
        is_over.set()
        await asyncio.wait(tasks, timeout=40)
        for task in tasks:
            task.cancel()
    for task in tasks:
        if not task.cancelled() and task.done() and (error := task.exception()):
            raise error
    window = Window(began, mending, ended, ended + fault.recovery)
    damage = await bench.damage(began_load)
    await judge(bench, fault, outcome, window, began_load, green, damage)
    check_processes(bench, fault, outcome, restarts, memory, peak)
    return outcome


async def judge(bench: Bench, fault: Fault, outcome: Outcome, window: Window, began_load: float, green: float,
                damage: list[str]) -> None:
    operations = bench.world.recorder.since(began_load)
    cut_off = [(gateway, window.began, window.ended) for gateway in fault.cut_off]
    late, watched, slowest = checks.revocations(operations, fault.revocation, cut_off)
    late_copies = checks.late_copies(operations, window) if fault.holds_back else set()

    def is_excused(each: Operation) -> bool:
        return fault.excused(each) or (each.status == 401 and each.session in late_copies)

    outcome.breaches += checks.errors(operations, window, fault.may_break_off, excused=is_excused)
    crowded, turned_away = checks.turned_away(operations, window)
    outcome.breaches += crowded + checks.untouched(
        (each for each in operations if not is_excused(each)), window, fault.goes_on)
    outcome.breaches += checks.strangers(operations)
    outcome.breaches += checks.sessions(operations, late_copies) + late + damage
    outcome.breaches += checks.readiness(bench.poller.samples, window, fault.truth)
    seen = checks.availability(operations, window)
    share = seen.failures / max(seen.requests, 1)
    if (seen.failures - turned_away) / max(seen.requests, 1) > fault.share:
        outcome.breaches.append(f"{share:.1%} of the requests failed; the bound is {fault.share:.1%}")
    kinds = ", ".join(f"{count} × {kind}" for kind, count in sorted(seen.kinds.items()))
    parts = [f"{seen.requests} requests in {window.ended - window.began:.1f} s, {share:.1%} failed" +
             (f" ({kinds})" if kinds else "")]
    if seen.failures:
        parts.append(f"first after {seen.detected:.1f} s, last {seen.recovered:.1f} s after its end, "
                     f"each in {quantile(seen.waits, 0.5):.2f} s (p50) or {quantile(seen.waits, 0.99):.2f} s (p99)")
    parts.append(f"all ready {green:.1f} s after it")
    parts.append(f"{watched} sessions ended, felt within {slowest:.2f} s")
    if turned_away:
        parts.append(f"{turned_away} logins found no room to be hashed")
    ended = {each.session for each in operations
             if each.kind in ("refresh", "newest") and each.status == 401 and each.session in late_copies}
    if ended:
        parts.append(f"{len(ended)} sessions ended by a refresh that was done long after its caller gave it up")
    if fault.judge:
        breaches, note = await fault.judge(bench)
        outcome.breaches += breaches
        parts += [note] if note else []
    outcome.observed = "; ".join(parts)
    outcome.bound = f"well after {fault.recovery:.0f} s; revocation {fault.revocation:.0f} s" + (
        f"; {fault.share:.1%} failed" if fault.share < 1 else "")
    outcome.figures = {
        "requests": seen.requests, "failures": seen.failures, "kinds": seen.kinds, "failed": seen.failed,
        "said": seen.said, "detected": seen.detected, "recovered": seen.recovered, "ready": green,
        "unknown": checks.unknown(operations), "turned_away": turned_away, "sessions_ended": watched,
        "revocation_felt_seconds": slowest, "seconds": seen.seconds,
        "fault_seconds": window.ended - window.began,
    }


def check_processes(bench: Bench, fault: Fault, outcome: Outcome, restarts: dict[str, int],
                    memory: dict[str, float], peak: dict[str, float]) -> None:
    for name, count in bench.processes.restarts().items():
        more = count - restarts.get(name, 0)
        if more and name not in fault.restarted:
            outcome.breaches.append(f"{name} ended by itself and was started again ({more} times)")
    for name, size in peak.items():
        if size > memory.get(name, 0) + MEMORY:
            outcome.breaches.append(f"{name} grew from {memory.get(name, 0):.0f} to {size:.0f} MiB")
    outcome.figures["memory_mib"] = {name: round(size, 1) for name, size in peak.items()}
