"""A suite whose processes reach the stores and each other through proxies, and whose clocks can be set.

deploy/up starts it as it starts any: the executables it is given are scripts that change a few settings and then become
the real ones.
"""

import json
import os
import pathlib
import shlex
import subprocess
import sys
from collections.abc import Mapping

from processes import instances
from suite import ROOT, Suite, spare_ports

# Whose clocks can be set: nobody else's time passes through a library of somebody's.
CLOCKED = ("gateway-2", "token-2", "identity")
EXECUTABLES = ("gatehouse-gateway", "gatehouse-identity", "gatehouse-token", "gatehouse-admin")


def faketime_library() -> pathlib.Path | None:
    """What Debian's package faketime puts before the C library."""
    return next(iter(sorted(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)


class ProxiedSuite(Suite):
    def __init__(self, gateways: int, tokens: int, clocks: bool, **settings: str):
        super().__init__(gateways, tokens, **settings)
        ports = self.instance_ports
        self.names = [*instances("gateway", gateways), "identity", *instances("token", tokens), "admin"]
        listening = [*ports("GATEWAY", gateways), self.ports["IDENTITY"], *ports("TOKEN", tokens), self.ports["ADMIN"]]
        self.listening = dict(zip(self.names, listening))
        hops = [name for name in self.names if not name.startswith("gateway")]
        fresh = iter(spare_ports(2 * len(self.names) + len(hops)))
        # ROUTE → (where the proxy listens, where it leads).
        self.routes = {f"{name}.{store}": (next(fresh), self.ports[store.upper()])
                       for name in self.names for store in ("postgres", "redis")}
        self.routes |= {f"to.{name}": (next(fresh), self.listening[name]) for name in hops}
        self.clocks = clocks
        self.real = pathlib.Path(os.environ.get("GATEHOUSE_BIN_DIR") or ROOT / ".build/release").resolve()
        self.shims = self.folder / "executables"
        self.environment["GATEHOUSE_BIN_DIR"] = str(self.shims)

    def binary(self, name: str) -> pathlib.Path:
        return self.real / name

    def __enter__(self) -> "ProxiedSuite":
        self.write_shims()
        self.proxy = subprocess.Popen(
            [sys.executable, pathlib.Path(__file__).with_name("proxy.py"), json.dumps(self.routes)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
        if self.proxy.stdout.readline() != "ready\n":
            raise RuntimeError("the proxy does not start")
        super().__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        super().__exit__(*details)
        self.proxy.terminate()
        self.proxy.wait()

    def write_shims(self) -> None:
        self.shims.mkdir(parents=True)
        for name in ("gatehouse-migrate", "gatehouse"):
            (self.shims / name).symlink_to(self.real / name)
        for executable in EXECUTABLES:
            shim = self.shims / executable
            shim.write_text(
                "#!/bin/bash\n"
                f"source {shlex.quote(str(self.shims))}/$PORT.env\n"
                f"exec {shlex.quote(str(self.real / executable))} \"$@\"\n")
            shim.chmod(0o755)
        for name in self.names:
            self.clock(name).write_text("+0")
            (self.shims / f"{self.listening[name]}.env").write_text(
                "".join(f"export {key}={value}\n" for key, value in self.settings(name).items()))

    def settings(self, name: str) -> Mapping[str, str]:
        def upstreams(service: str) -> str:
            return ",".join(f"127.0.0.1:{port}" for route, (port, _) in self.routes.items()
                            if route.removeprefix("to.").partition("-")[0] == service)
        postgres, redis = self.ports["POSTGRES"], self.ports["REDIS"]
        values = {
            "DATABASE_URL": f"${{DATABASE_URL/:{postgres}/:{self.routes[f'{name}.postgres'][0]}}}",
            "REDIS_URL": f"${{REDIS_URL/:{redis}/:{self.routes[f'{name}.redis'][0]}}}",
            "TOKEN_UPSTREAMS": upstreams("token"), "IDENTITY_UPSTREAMS": upstreams("identity"),
            "ADMIN_UPSTREAMS": upstreams("admin"),
        }
        library = faketime_library()
        if self.clocks and library and name in CLOCKED:
            values |= {
                "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(self.clock(name)),
                "FAKETIME_CACHE_DURATION": "1",
                # Intervals are measured by a clock that nobody sets.
                "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1",
            }
        return values

    def clock(self, name: str) -> pathlib.Path:
        return self.shims / f"{name}.clock"

    def set_clock(self, name: str, offset: str) -> None:
        """Sets a process's clock to the true time and so much more: +300 or -300, in seconds."""
        # In one step: a file that is half written would be another time.
        fresh = self.clock(name).with_suffix(".new")
        fresh.write_text(offset)
        fresh.rename(self.clock(name))

    def tell(self, route: str, mode: str, seconds: float = 0) -> None:
        """What the proxies of these routes are to do from now on. `route` ends with * where several are meant."""
        matching = [each for each in self.routes
                    if each == route or (route.endswith("*") and each.startswith(route[:-1]))
                    or (route.startswith("*") and each.endswith(route[1:]))]
        if not matching:
            raise ValueError(f"there is no route {route}")
        for each in matching:
            self.proxy.stdin.write(json.dumps({"route": each, "mode": mode, "seconds": seconds}) + "\n")
            self.proxy.stdin.flush()
            if self.proxy.stdout.readline() != "done\n":
                raise RuntimeError("the proxy has ended")


