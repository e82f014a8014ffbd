"""Deployment files: valid, and every container's command, health check and variable is one that the product has."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from core import settings
from service.commands import COMMANDS
from tests.contracts.tree import PACKAGES, ROOT

NAMES = {setting.name for setting in settings.TABLE}
PROCESSES = {"web", "gateway", "runner", "cameras"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """compose.yaml, merges resolved."""
    document = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    assert isinstance(document, dict)
    return document


def resources() -> list[dict[str, Any]]:
    """The Kubernetes objects."""
    return [o for o in yaml.safe_load_all((ROOT / "deploy/k8s/city.yaml").read_text("utf-8")) if o]


def commands() -> Iterator[tuple[str, list[str]]]:
    """(where, arguments of app.py) of every container that is ours."""
    for name, service in yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"].items():
        if service["image"] == "luan-city-brain":
            yield f"compose {name}", service["command"]
    for thing in resources():
        if thing["kind"] == "Deployment":
            pod = thing["spec"]["template"]["spec"]
            for container in [*pod.get("initContainers", []), *pod["containers"]]:
                yield f"k8s {thing['metadata']['name']}/{container['name']}", container["args"]


def unknown_variables(names: Any) -> list[str]:
    """CITY_* names that the product does not read."""
    return sorted(name for name in names if name.startswith("CITY_") and name not in NAMES)


def test_the_check_can_fail() -> None:
    assert unknown_variables(["CITY_PORT", "CITY_PROT", "HOME"]) == ["CITY_PROT"]


def test_compose_has_every_process_and_both_stores(compose: dict[str, Any]) -> None:
    assert PROCESSES | {"redis", "postgres"} <= set(compose["services"])
    for name in PROCESSES | {"redis", "postgres"}:
        assert compose["services"][name]["healthcheck"]["test"], name
    assert set(compose["volumes"]) == {"data", "redis", "postgres"}


def test_compose_variables_are_settings(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert unknown_variables(service.get("environment", {})) == [], name


def test_containers_are_locked_down(compose: dict[str, Any]) -> None:
    for name in PROCESSES:
        service = compose["services"][name]
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    assert re.search(r"^USER city$", dockerfile, re.MULTILINE)
    assert "slim" in dockerfile.splitlines()[1]


def test_no_password_stands_in_a_file(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            if "PASSWORD" in name or "AUTH" in name or "URL" in name:
                assert "${" in str(value), name


def test_the_image_holds_every_package(compose: dict[str, Any]) -> None:
    copied = set(re.findall(r"^COPY (\w+) ", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE))
    assert set(PACKAGES) | {"assets", "config"} <= copied


def test_dockerfile_variables_are_settings() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    assert unknown_variables(re.findall(r"\b(CITY_\w+)=", text)) == []


def test_kubernetes_objects_belong_together() -> None:
    things = resources()
    deployments = {t["metadata"]["name"]: t for t in things if t["kind"] == "Deployment"}
    assert set(deployments) == PROCESSES
    for thing in things:
        assert thing["kind"] == "Namespace" or thing["metadata"]["namespace"] == "city"
        if thing["kind"] == "Service":
            pod = deployments[thing["spec"]["selector"]["app"]]["spec"]["template"]
            opened = {p["containerPort"] for c in pod["spec"]["containers"] for p in c.get("ports", [])}
            assert {p.get("targetPort", p["port"]) for p in thing["spec"]["ports"]} <= opened
        if thing["kind"] == "ConfigMap":
            assert unknown_variables(thing["data"]) == []
    for deployment in deployments.values():
        pod = deployment["spec"]["template"]
        assert deployment["spec"]["selector"]["matchLabels"] == pod["metadata"]["labels"]
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
        volumes = {v["name"] for v in pod["spec"]["volumes"]}
        for container in [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]:
            assert {m["name"] for m in container["volumeMounts"]} <= volumes
            assert unknown_variables(v["name"] for v in container.get("env", [])) == []


def test_kustomization_lists_what_is_there() -> None:
    listed = yaml.safe_load((ROOT / "deploy/k8s/kustomization.yaml").read_text("utf-8"))
    assert all((ROOT / "deploy/k8s" / name).exists() for name in listed["resources"])


@pytest.mark.parametrize(("where", "arguments"), list(commands()))
def test_every_container_command_parses(where: str, arguments: list[str]) -> None:
    assert arguments[0] in {command.name for command in COMMANDS}
    run = subprocess.run([sys.executable, "app.py", *arguments, "--help"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_health_checks_are_code_that_compiles(compose: dict[str, Any]) -> None:
    for name in PROCESSES:
        test = compose["services"][name]["healthcheck"]["test"]
        if test[:3] == ["CMD", "python", "-c"]:
            ast.parse(test[3])


@pytest.mark.parametrize("name", ["runner", "cameras"])
def test_a_heartbeat_check_tells_alive_from_dead(compose: dict[str, Any], name: str) -> None:
    """The compose file's own command, run against a real Redis with and without the sign of life."""
    from core.store import Store
    from tests.servers import redis_server

    code = compose["services"][name]["healthcheck"]["test"][3]
    with redis_server() as server:
        environ = {**os.environ, "CITY_REDIS_URL": server.url}

        def check() -> int:
            return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ).returncode

        assert check() == 1
        Store(server.url).beat(name, {})
        assert check() == 0


def test_nginx_file_is_balanced_and_passes_the_live_link() -> None:
    text = re.sub(r"#.*", "", (ROOT / "deploy/nginx.conf").read_text("utf-8"))
    assert text.count("{") == text.count("}")
    statements = [line.strip() for line in text.splitlines() if line.strip()]
    assert all(line[-1] in "{};" for line in statements), [line for line in statements if line[-1] not in "{};"]
    assert "location /live/ticks" in text and "Upgrade" in text


def test_scripts_are_executable_and_valid_shell() -> None:
    for path in [*(ROOT / "scripts").iterdir(), ROOT / ".ci/run"]:
        if not path.is_file() or path.suffix:
            continue
        assert os.access(path, os.X_OK), path
        if path.read_text("utf-8").startswith("#!/usr/bin/env bash"):
            run = subprocess.run(["bash", "-n", str(path)], capture_output=True, text=True)
            assert run.returncode == 0, run.stderr
        else:
            ast.parse(path.read_text("utf-8"))
    assert Path(ROOT / ".ci/run").exists()
