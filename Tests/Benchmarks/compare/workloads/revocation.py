"""How soon another gateway refuses a session that was ended."""

import revocation
from suite import quantile

from ..gatehouse import Gatehouse
from ..sample import Sample
from ..workload import Bench, Contestant, Simple, Workload

_LONGEST = "longest ms"


class Revocation(Workload):
    name = "revocation"
    title = "How soon a revocation is felt"
    text = ("A second gateway has the access token in its cache; the session is ended through the first, and from the "
            "moment its answer is read the second is asked until it refuses. Promised are 1 s, and 5 s with Redis stopped.")
    columns = {_LONGEST: "{:.1f}"}
    without = ("cpu", "rate", "memory")
    names = ("gatehouse", "gatehouse, Redis stopped")

    def contestants(self, bench: Bench) -> list[Contestant]:
        contestants = []
        for name, times in ((self.names[0], 60), (self.names[1], 8)):
            side = bench.side(name)
            second = bench.enter(side.suite.second_gateway())
            user = side.suite.register()[0]
            if "stopped" in name:
                side.suite.deploy("service", "stop", "redis")
            contestants.append(Simple(name, side.version, lambda _, side=side, second=second, user=user, times=times:
                                      measure(side, second, user, times)))
        return contestants


def measure(side: Gatehouse, second: int, user: str, times: int) -> Sample:
    taken = revocation.measure(side.suite, user, (side.port, second), times)
    return Sample(times, sum(taken) / 1000, {}, *(quantile(taken, share) for share in (0.5, 0.99, 0.999)),
                  more={_LONGEST: max(taken)})
