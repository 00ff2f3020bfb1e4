"""Gatehouse's side: a suite of its own whose echo route is limited by a policy that counts and never refuses."""

import json
import subprocess

from suite import ROOT, Door, Suite, spare_ports

from .door import ORIGIN, PATH, Side
from .processes import Failure

# One unit a microsecond, the most that a policy can have.
_POLICY = {"quota": 60_000_000, "window_seconds": 60, "kind": "leased"}


def routes():
    """The route table as it is delivered, with a limit on the echo route."""
    table = json.loads((ROOT / "deploy" / "routes.json").read_text())
    table["policies"]["benchmark"] = _POLICY
    entries = [entry for entry in table["routes"] if entry["prefix"] == PATH]
    if len(entries) != 1:
        raise Failure(f"deploy/routes.json has no route {PATH}.")
    entries[0]["limits"] = [{"policy": "benchmark", "by": "address"}]
    return table


def suite(scratch, certificate, key, table=None, **settings):
    """Not started yet. What the operator's own .env says does not count."""
    (scratch / "env").touch()
    (scratch / "routes.json").write_text(json.dumps(table or routes(), indent=2))
    return Suite(**{
        "GATEHOUSE_ENV_FILE": str(scratch / "env"), "ROUTES_FILE": str(scratch / "routes.json"), "RATE_LIMITS": "on",
        "CORS_ORIGINS": ORIGIN, "SECURITY_HEADERS": "strict", "TLS_CERTIFICATE_FILE": str(certificate),
        "TLS_KEY_FILE": str(key),
        # As all ports: each further gateway has the tenth after it.
        "TLS_PORT": str(spare_ports(1, settings.get("gateways", 1))[0]), **settings})


def side(running):
    """Of a suite that runs. Redis, which the limits are leased from, counts to what is behind the gateway."""
    def pid(name):
        return int((running.folder / "state" / f"{name}.pid").read_text().split()[0])

    return Side("gatehouse", f"Gatehouse {version(running)}", running.ports["GATEWAY"],
                int(running.environment["TLS_PORT"]), [pid("gateway")], [pid("token"), pid("redis")])


def version(running):
    """What the gateway says it is and, where it was built here, the commit."""
    status, health = Door(running.ports["OPS"]).send("GET", "/health/readiness")
    if status != 200:
        raise Failure(f"the gateway is not ready: {health}")
    built_here = not running.environment.get("GATEHOUSE_BIN_DIR")
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return " ".join([health["version"], *(commit.stdout.split() if built_here else [])])
