#!/usr/bin/env python3
"""Checks what can be checked of the cluster files without a container engine: that compose.yaml, the Dockerfile,
.env.example and the route table fit each other and the settings that the code declares."""

import json
import pathlib
import re
import sys

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import declared  # noqa: E402
from declared import ROOT, text  # noqa: E402

STORES = {"postgres", "redis"}
PROCESSES = {"gateway", "identity", "token", "admin"}
problems = []


def expect(condition, sentence):
    if not condition:
        problems.append(sentence)


settings = declared.settings()
compose_text = text("compose.yaml")
compose = yaml.safe_load(compose_text)
services = compose["services"]
products = declared.products()
dockerfile = text("deploy/Dockerfile")
example = text(".env.example")
example_names = set(re.findall(r"^#?([A-Z][A-Z0-9_]*)=", example, re.MULTILINE))

expect(set(services) == STORES | PROCESSES | {"migrate"}, f"compose.yaml has the services {sorted(services)}")

copied = re.search(r"\bcp (gatehouse.*) /out/bin/", dockerfile)
expect(copied and set(copied[1].split()) == products, "the image does not hold the executables that Package.swift makes")

# Each of our containers.
for name in sorted(PROCESSES | {"migrate"}):
    service = services.get(name, {})
    program = service.get("command", [""])[0]
    expect(program == f"gatehouse-{name}", f"{name} runs {program or 'nothing'}")
    expect(program in products, f"{name} runs {program}, which Package.swift does not make")
    expect(program in dockerfile, f"{program} is not copied into the image")
    for variable in service.get("environment", {}):
        expect(declared.setting(variable) in settings, f"{name}: no code reads {variable}")
    for variable, value in service.get("environment", {}).items():
        if variable.endswith("_FILE") and str(value).startswith("/run/secrets/"):
            expect(value.rsplit("/", 1)[1] in service.get("secrets", []), f"{name}: {variable} names a secret not mounted")
    for key, wanted in {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"]}.items():
        expect(service.get(key) == wanted, f"{name}: {key} is not {wanted}")
    expect("container_name" not in service, f"{name}: a container_name keeps it from being scaled")
    if name != "migrate":
        probe = service.get("healthcheck", {}).get("test")
        expect(probe == ["CMD", program, "--probe", "readiness"], f"{name}: its health check is {probe}")
        condition = service.get("depends_on", {}).get("migrate", {}).get("condition")
        expect(condition == "service_completed_successfully", f"{name} does not wait for the migrations")

# What a number of the file asks of an engine that can't give it keeps every container from starting.
for name in PROCESSES | {"migrate"}:
    files = services[name].get("ulimits", {}).get("nofile", "")
    expect(str(files).startswith("${"), f"{name}: the limit of open files is no setting")
for name, service in services.items():
    expect(str(service.get("mem_limit", "")), f"{name} has no limit of memory")

# An entrypoint that begins as root does so without the capabilities that compose.yaml drops.
NEEDED = {
    r"\bchown\b|\binstall\b.* -o\b": "CHOWN",
    # `install -o` sets the mode when the file is somebody else's already.
    r"\binstall\b.* -o\b": "FOWNER",
    r"/run/secrets/": "DAC_OVERRIDE",
    r"\bdocker-entrypoint\.sh\b": "SETUID",
}
for name in STORES:
    script = text(f"deploy/docker/{name}-entrypoint")
    for pattern, capability in NEEDED.items():
        lacks = re.search(pattern, script, re.MULTILINE) and capability not in services[name].get("cap_add", [])
        expect(not lacks, f"{name}: its entrypoint needs the capability {capability}")

# Only the gateway can be reached from outside.
for name, service in services.items():
    expect(("ports" in service) == (name == "gateway"), f"{name}: published ports are for the gateway, and for it alone")
    for network in service.get("networks", []):
        internal = compose["networks"][network].get("internal", False)
        is_way_out = (name, network) == ("identity", "mail")
        expect(internal or name == "gateway" or is_way_out, f"{name} is on {network}, which is not internal")
    for other, terms in service.get("depends_on", {}).items():
        if terms.get("condition") == "service_healthy":
            expect("healthcheck" in services.get(other, {}), f"{name} waits for the health of {other}, which has no check")
    expect("healthcheck" in service or name == "migrate", f"{name} has no health check")
    for secret in service.get("secrets", []):
        expect(secret in compose["secrets"], f"{name}: the secret {secret} is not declared")

# The example for development adds to these services, and what it publishes it publishes to this machine alone.
override = yaml.safe_load(text("deploy/compose.override.example.yaml"))
for name, addition in override["services"].items():
    expect(name in services, f"compose.override.example.yaml adds to {name}, which compose.yaml does not have")
    for variable in addition.get("environment", {}):
        expect(declared.setting(variable) in settings, f"compose.override.example.yaml: no code reads {variable}")
    networks = {*services.get(name, {}).get("networks", []), *addition.get("networks", [])}
    for port in addition.get("ports", []):
        expect(port.startswith("127.0.0.1:"), f"compose.override.example.yaml publishes {port} to everybody")
        reached = any(not compose["networks"][network].get("internal", False) for network in networks)
        expect(reached, f"compose.override.example.yaml publishes a port of {name}, whose networks are all internal")
for variable in sorted(set(re.findall(r"[A-Z]+_IMAGE", compose_text)) - {"GATEHOUSE_IMAGE"}):
    expect(variable in text("deploy/local-images"), f"deploy/local-images makes no {variable}")

maker = text("deploy/docker/secrets")
for secret in compose["secrets"]:
    stem = secret.removesuffix("_password")
    made = re.search(rf"^make {secret} ", maker, re.MULTILINE) or re.search(rf"for name in [^;]*\b{stem}\b", maker)
    expect(made, f"deploy/docker/secrets does not make {secret}")

# Whatever a person can set is written down, and nothing else.
for variable in sorted(settings - example_names):
    problems.append(f".env.example does not name {variable}, which the code reads")
scripts = "".join(
    file.read_text()
    for file in [*ROOT.glob("deploy/*"), *ROOT.glob("deploy/docker/*"), ROOT / "compose.yaml"]
    if file.is_file() and file.name != "check.py"
)
for variable in sorted(set(re.findall(r"\$\{([A-Z][A-Z0-9_]*):?-", compose_text)) - example_names):
    problems.append(f".env.example does not name {variable}, which compose.yaml reads")
for variable in sorted(example_names - settings):
    expect(re.search(rf"\b{variable}\b", scripts), f".env.example names {variable}, which nothing reads")

# The image's base and the files it copies.
for argument in ("SWIFT_IMAGE", "RUNTIME_IMAGE"):
    expect(f"ARG {argument}=" in dockerfile and f"FROM ${{{argument}}}" in dockerfile, f"{argument} is no build argument")
expect(re.search(r"^USER (?!0|root)", dockerfile, re.MULTILINE), "the image runs as root")
for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE):
    for source in line.split()[:-1]:
        expect(source == "." or any(ROOT.glob(source)), f"the Dockerfile copies {source}, which does not exist")
        kept = source == "." or f"!{source.split('/')[0].replace('*', 'swift')}" in text(".dockerignore").split()
        expect(kept, f"the Dockerfile copies {source}, which .dockerignore keeps out")

# The default route table.
routes = json.loads(text("deploy/routes.json"))
for route in routes["routes"]:
    expect(route["service"] in PROCESSES, f"routes.json: {route['prefix']} goes to {route['service']}")

for problem in problems:
    print(f"deploy/docker/check.py: {problem}", file=sys.stderr)
sys.exit(1 if problems else 0)
