"""`make image-check` runs the compose file's commands with its restrictions."""

from pathlib import Path

import pytest

from stack.deployment.loading import PRODUCTION, compose_project
from stack.image.images import STORES_TAG, TAG, base_images
from stack.image.services import LEFT_OUT, Project, health_command, run_arguments


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = compose_project(env_file=PRODUCTION)["services"]
    return Project({name: one for name, one in found.items() if name not in LEFT_OUT}, tmp_path)


def values(arguments: list[str], option: str) -> list[str]:
    return [arguments[i + 1] for i, word in enumerate(arguments) if word == option]


def test_the_base_images_of_the_dockerfile_are_known() -> None:
    assert [name.partition(":")[0] for name in base_images().values()] == ["debian", "node"]


def test_services_start_after_their_dependencies(project: Project) -> None:
    order = project.in_order()
    assert set(order) == set(project.services)
    assert order[0] == "secrets"
    assert order.index("migrations") < order.index("gateway") < order.index("caddy")
    assert order.index("kafka-3") < order.index("kafka-init")


def test_application_processes_run_unprivileged_and_read_only(project: Project) -> None:
    arguments = run_arguments(project, "gateway")
    assert {"--read-only", "--read-only-tmpfs=false"} <= set(arguments)
    assert values(arguments, "--cap-drop") == ["ALL"]
    assert values(arguments, "--user") == []  # the image's own, which is not root
    assert values(arguments, "--security-opt") == ["no-new-privileges"]
    assert f"{project.secrets}/house:/run/secrets:ro" in values(arguments, "--volume")
    assert arguments[arguments.index(TAG) :] == [TAG, "gunicorn", "wsgi:app"]


def test_a_store_runs_with_the_files_of_the_compose_file(project: Project) -> None:
    arguments = run_arguments(project, "kafka-2")
    assert arguments[-2:] == [STORES_TAG, "/etc/kafka/kafka.sh"]
    assert "KAFKA_NODES=1 2 3" in values(arguments, "--env")
    assert any(one.endswith(":/etc/kafka/kafka.sh:ro") for one in values(arguments, "--volume"))
    assert "kafka-3:" + project.address("kafka-3") in values(arguments, "--add-host")


def test_health_is_checked_by_the_compose_files_command(project: Project) -> None:
    assert health_command(project.services["bridge"]) == [
        "python", "-m", "app.probe", "http://127.0.0.1:9464/metrics",
    ]  # fmt: skip
    shell = health_command(project.services["redis-auth"])
    assert shell is not None
    assert shell[:2] == ["sh", "-c"]
    assert health_command(project.services["migrations"]) is None
