"""Client credentials: tokens for machines, a client's secret and a signature."""

from ..limits import loop
from ..load import Calls
from ..workload import Bench, Contestant, Workload


class ClientCredentials(Workload):
    name = "client-credentials"
    title = "Client credentials"
    text = "One client asks for access tokens with its secret on 32 connections."
    names = ("gatehouse", "fastapi", "glewlwyd", "limit: ES256 signature")

    def contestants(self, bench: Bench) -> list[Contestant]:
        contestants: list[Contestant] = [
            Calls(bench, side, self.name, 32, lambda side: [side.call("client_credentials")])
            for side in bench.sides(*self.names[:3], offering="client_credentials")]
        return contestants + loop(bench, "limit: ES256 signature", "sign", "ES256", "sign")
