#!/usr/bin/env python3
"""Checks the Kubernetes manifests: against the schemas of the API, and against what the code declares.

With a kubectl that knows kustomize, what it makes of base and example is checked; without one, the files of base as they
are written, which leaves out what its patches add."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import kubernetes_validate
import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import declared  # noqa: E402

FOLDER = declared.ROOT / "deploy/kubernetes"
VERSIONS = ["1.29", kubernetes_validate.latest_version()]
PROCESSES = {"gateway", "identity", "token", "admin"}
SECRETS = "/run/secrets/gatehouse/"
# What the manifests themselves put together a setting of.
OWN_VARIABLES = {"POSTGRES_ADDRESS"}
problems: list[str] = []


def expect(condition: object, sentence: str) -> None:
    if not condition:
        problems.append(sentence)


def made_secrets() -> set[str]:
    """The names of the files that deploy/docker/secrets makes."""
    script = declared.text("deploy/docker/secrets")
    roles = re.search(r"for name in ([a-z ]+); do make \"\$\{name\}_password\"", script)
    return set(re.findall(r"^make (\w+)", script, re.MULTILINE)) | {f"{role}_password" for role in roles[1].split()}


def has_kustomize() -> bool:
    if not shutil.which("kubectl"):
        return False
    answer = subprocess.run(["kubectl", "version", "--client"], capture_output=True, text=True, check=False)
    version = re.search(r"Kustomize Version: v(\d+)\.(\d+)", answer.stdout)
    return bool(version) and (int(version[1]), int(version[2])) >= (4, 1)


def rendered(name: str) -> list[dict]:
    """What kustomize makes of a folder; the secrets that are no part of the repository are stood in for."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder, "kubernetes")
        shutil.copytree(FOLDER, copy)
        (copy / "example/secrets").mkdir(exist_ok=True)
        for secret in made_secrets():
            (copy / "example/secrets" / secret).write_text("x")
        answer = subprocess.run(["kubectl", "kustomize", copy / name], capture_output=True, text=True, check=False)
    expect(answer.returncode == 0, f"{name}: {answer.stderr.strip()}")
    return [resource for resource in yaml.safe_load_all(answer.stdout) if resource]


def written() -> list[dict]:
    listed = yaml.safe_load((FOLDER / "base/kustomization.yaml").read_text())["resources"]
    return [resource for file in listed for resource in yaml.safe_load_all((FOLDER / "base" / file).read_text())]


def check_schemas(where: str, resources: list[dict]) -> None:
    for resource in resources:
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(resource, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                path = ".".join(str(part) for part in error.path)
                expect(False, f"{where}: {resource['kind']} {resource['metadata']['name']} {path}: {error.message}")


def named(resources: list[dict], kind: str) -> dict[str, dict]:
    return {resource["metadata"]["name"]: resource for resource in resources if resource["kind"] == kind}


def check_container(where: str, workload: dict, shared: dict) -> dict:
    """One workload's container against the code: its program, its settings and its secrets. Returns its ports."""
    name, pod = workload["metadata"]["name"], workload["spec"]["template"]["spec"]
    container = pod["containers"][0]
    expect(container["command"][0] == f"gatehouse-{name}", f"{where}: {name} runs {container['command'][0]}")
    expect(container["command"][0] in declared.products(), f"{where}: {container['command'][0]} is not made")
    expect("limits" in container["resources"], f"{where}: {name} has no memory limit")
    variables = {variable["name"]: variable.get("value", "") for variable in container["env"]} | shared
    known = declared.settings() | OWN_VARIABLES
    for variable in variables:
        expect(declared.setting(variable) in known, f"{where}: {name}: no code reads {variable}")
    mounted = {item["key"] for volume in pod["volumes"] for item in volume.get("secret", {}).get("items", [])}
    wanted = {value.removeprefix(SECRETS) for value in variables.values() if value.startswith(SECRETS)}
    if name == "migrate":
        wanted -= {"redis_password", "internal_key"}
    expect(mounted == wanted, f"{where}: {name} mounts {sorted(mounted)}, its settings name {sorted(wanted)}")
    expect(mounted <= made_secrets(), f"{where}: {name}: {sorted(mounted - made_secrets())} is made by nobody")
    ports = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
    for port, variable in {"public": "PORT", "internal": "OPS_PORT" if "public" in ports else "PORT"}.items():
        if port in ports:
            expect(str(ports[port]) == variables[variable], f"{where}: {name}: port {port} is not {variable}")
    return ports


def check_hardening(where: str, workload: dict) -> None:
    name, pod = workload["metadata"]["name"], workload["spec"]["template"]["spec"]
    container = pod["containers"][0]
    context = container.get("securityContext", {})
    expect(pod.get("securityContext", {}).get("runAsNonRoot"), f"{where}: {name} may run as root")
    expect(pod.get("automountServiceAccountToken") is False, f"{where}: {name} gets a token of the cluster")
    expect(context.get("readOnlyRootFilesystem"), f"{where}: {name} may write its root file system")
    expect(context.get("allowPrivilegeEscalation") is False, f"{where}: {name} may gain privileges")
    expect(context.get("capabilities") == {"drop": ["ALL"]}, f"{where}: {name} keeps capabilities")
    if workload["kind"] == "Deployment":
        for probe in ["startup", "readiness", "liveness"]:
            asked = container.get(f"{probe}Probe", {}).get("httpGet", {})
            expect(asked == {"path": f"/health/{probe}", "port": "internal"}, f"{where}: {name}: {probe} asks {asked}")


def check(where: str, resources: list[dict], is_complete: bool) -> None:
    check_schemas(where, resources)
    deployments, services = named(resources, "Deployment"), named(resources, "Service")
    budgets, jobs = named(resources, "PodDisruptionBudget"), named(resources, "Job")
    maps = [m for name, m in named(resources, "ConfigMap").items() if name.startswith("gatehouse-settings")]
    expect(len(maps) == 1, f"{where}: there is not one map of settings")
    shared = maps[0]["data"]
    expect(set(deployments) == PROCESSES, f"{where} deploys {sorted(deployments)}")
    expect(set(jobs) == {"migrate"}, f"{where} has the jobs {sorted(jobs)}")
    for name, deployment in deployments.items():
        ports = check_container(where, deployment, shared)
        expect(name in budgets, f"{where}: {name} has no disruption budget")
        service = services.get(name, {"spec": {"ports": [{}]}})["spec"]
        expect(service.get("selector") == deployment["spec"]["selector"]["matchLabels"], f"{where}: no service for {name}")
        expect(service["ports"][0].get("targetPort") in ports, f"{where}: the service {name} leads to no port")
        if name != "gateway":
            expect(service.get("clusterIP") == "None", f"{where}: {name} is one address, so its instances can't be told")
            upstream = shared[f"{name.upper()}_UPSTREAMS"]
            expect(upstream == f"{name}:{ports['internal']}", f"{where}: {name.upper()}_UPSTREAMS is {upstream}")
    check_container(where, jobs["migrate"], {})
    scaled = named(resources, "HorizontalPodAutoscaler")["token"]["spec"]["scaleTargetRef"]["name"]
    expect(scaled == "token" and "replicas" not in deployments["token"]["spec"], f"{where}: two have a say in token's replicas")
    if is_complete:
        for workload in [*deployments.values(), *jobs.values()]:
            check_hardening(where, workload)


if has_kustomize():
    for folder in ["base", "example"]:
        check(folder, rendered(folder), is_complete=True)
    print("Kubernetes manifests: base and example, as kustomize makes them")
else:
    check("base", written(), is_complete=False)
    print("Kubernetes manifests: the files of base alone, as there is no kubectl with kustomize 4.1 or later")
if problems:
    sys.exit("\n".join(problems))
