#!/usr/bin/env python3
"""Ways to choose the better of two random instances, simulated: by open requests alone; by open requests and, for each
doubling of the slowest recent answer above a millisecond, one more (what the gateway does); and by open requests times a
peak-sensitive moving average of latency. Prints the first instance's share and all latencies in milliseconds.

usage: instance_choice.py [SECONDS]
"""

import heapq
import math
import random
import sys

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
FLOOR = 0.001
TURN = 2.0
DECAY = 10.0
RUNS = 5


class Instance:
    def __init__(self, slowness):
        self.slowness = slowness
        self.free_cores, self.queue, self.open = 2, [], 0
        self.slowest = 0
        self.average, self.stamp = 0.0, 0.0

    def answered(self, now, latency):
        self.slowest = max(self.slowest, int(math.log2(max(latency / FLOOR, 1))))
        weight = math.exp((self.stamp - now) / DECAY)
        self.average = max(latency, self.average * weight + latency * (1 - weight))
        self.stamp = now

    def recent(self, now):
        return max(FLOOR, self.average * math.exp((self.stamp - now) / DECAY))


RULES = {
    "open requests": lambda instance, now: instance.open,
    "and slow answers": lambda instance, now: instance.open + instance.slowest,
    "peak EWMA": lambda instance, now: instance.recent(now) * (instance.open + 1),
}


def run(slowness, rate, costs, burst, load, seed):
    """Requests come at `rate` a second, every 500th with a burst behind it; costs: (share, seconds of one core)."""
    chance = random.Random(seed)
    instances = [Instance(factor) for factor in slowness]
    events, order, latencies, first, due = [], 0, [], 0, 0
    next_turn, arrival = TURN, chance.expovariate(rate)

    def begin(instance, now, came, cost):
        nonlocal order
        instance.free_cores -= 1
        order += 1
        heapq.heappush(events, (now + cost * instance.slowness, order, instance, came))

    while arrival < SECONDS or events:
        if arrival < SECONDS and (not events or arrival <= events[0][0]):
            now = arrival
            if now >= next_turn:
                next_turn += TURN
                for instance in instances:
                    instance.slowest = max(0, instance.slowest - 1)
            cost = chance.choices([cost for _, cost in costs], [share for share, _ in costs])[0]
            if due:
                due, cost = due - 1, 0.1
            elif burst and chance.random() < 0.002:
                due = burst
            if not due:
                arrival = now + chance.expovariate(rate)
            one, other = chance.sample(instances, 2)
            instance = one if load(one, now) <= load(other, now) else other
            first += instance is instances[0]
            instance.open += 1
            if instance.free_cores:
                begin(instance, now, now, cost)
            else:
                instance.queue.append((now, cost))
        else:
            now, _, instance, came = heapq.heappop(events)
            instance.free_cores += 1
            instance.open -= 1
            instance.answered(now, now - came)
            latencies.append(now - came)
            if instance.queue:
                begin(instance, now, *instance.queue.pop(0))
    return latencies, first


def show(name, slowness, rate, costs, burst=0):
    for rule, load in RULES.items():
        runs = [run(slowness, rate, costs, burst, load, seed) for seed in range(RUNS)]
        latencies = sorted(latency for latencies, _ in runs for latency in latencies)
        count = len(latencies)
        figures = [sum(latencies) / count] + [latencies[int(count * part)] for part in (0.5, 0.99, 0.999)]
        print(
            f"{name:30} {rule:17} {sum(first for _, first in runs) / count:6.1%}"
            + "".join(f"{figure * 1000:9.2f}" for figure in figures))


print(f"{'':30} {'chosen by':17} {'first':>6}{'mean':>9}{'p50':>9}{'p99':>9}{'p99.9':>9}")
quick, logins = [(1, 0.001)], [(0.7, 0.001), (0.3, 0.1)]
show("three alike, 1500/s of 1 ms", [1, 1, 1], 1500, quick)
show("three alike, 30 % of 100 ms", [1, 1, 1], 155, logins)
show("two alike, bursts of 30 x 100 ms", [1, 1], 100, quick, burst=30)
show("one of three 3 x slower, logins", [3, 1, 1], 120, logins)
show("one of three 10 x slower", [10, 1, 1], 1500, quick)
show("one of three 100 x slower", [100, 1, 1], 1500, quick)
show("one of three 100 x slower, 50/s", [100, 1, 1], 50, quick)
