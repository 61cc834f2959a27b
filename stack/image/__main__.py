"""`python -m stack.image`: builds the image, and runs the compose file's services with it.

They run in a network of their own. It starts them in their order, waits for each health check,
places a bid through Caddy, as a browser would, and tries to forge one inside. Exit code 1 and a
line when something is not as the compose file promises.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from stack.client import CallError, Endpoint
from stack.demo.one_bid import place_bid
from stack.deployment.loading import PRODUCTION, compose_project
from stack.faults import StackFault
from stack.files import exclusive
from stack.image import engine
from stack.image.images import build_images
from stack.image.services import (
    HOST,
    LEFT_OUT,
    Project,
    health_command,
    host_lines,
    run_arguments,
)
from stack.progress import shown

HEALTHY_WITHIN_S, ENDS_WITHIN_S = 240.0, 180.0  # five JVMs and ten Pythons start on two cores
LOOK_S = 1.0
INTERRUPTED = 130  # as shells say of Ctrl-C
EXAMPLE = "auction.example.org"  # of deploy/production.env
HEALTHY = "service_healthy"
COMPLETED = "service_completed_successfully"
# Who writes a bid of somebody's, if Kafka lets them: with the log-ins that their containers have.
FORGERS = ("bridge", "worker-bids")
FORGERY = """
from lanes.kafka.connect import make_producer
from app.protocol.topics import AUCTION_BID
from app.settings import read_settings
producer = make_producer(read_settings().kafka, name="forger")
producer.send(AUCTION_BID.name, key=b"1", value=b"{}").get(10)
"""


def main(arguments: list[str]) -> int:
    """Build, then begin again inside a new network, with a directory for files; the exit code."""
    if arguments:
        return _run_project(Path(arguments[0]))
    # As at Ctrl-C: the running command is killed first.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with exclusive(engine.LOCK, refusal="another image-check is running: wait for it"):
            engine.prepare()
            build_images(shown)
            return _begin_again()
    except StackFault as fault:
        print(f"image-check: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def _begin_again() -> int:
    with TemporaryDirectory(prefix="image-check-") as directory:
        settings = PRODUCTION.read_text(encoding="utf-8").replace(EXAMPLE, HOST)
        (Path(directory) / PRODUCTION.name).write_text(settings, encoding="utf-8")
        return engine.in_own_network((sys.executable, "-m", "stack.image", directory))


def _run_project(directory: Path) -> int:
    env_file = directory / PRODUCTION.name
    found = compose_project(env_file=env_file)["services"]
    services = {name: one for name, one in found.items() if name not in LEFT_OUT}
    project = Project(services, directory)
    try:
        _be_among(project)
        _run_all(project)
        _bid(project)
        _forge()
    except (StackFault, CallError, OSError) as fault:
        print(f"image-check: {fault}", file=sys.stderr)
        return 1
    finally:
        engine.podman("rm", "--all", "--force", "--time", "5", check=False)
    print(f"Not run, for want of images: {', '.join(LEFT_OUT)}.")
    return 0


def _be_among(project: Project) -> None:
    """Know the services by name, and be reached by nobody else."""
    subprocess.run(("ip", "link", "set", "lo", "up"), check=True)
    hosts = project.directory / "hosts"
    caddy = project.address("caddy")
    hosts.write_text(f"{host_lines(project)}{caddy} {HOST}\n", encoding="utf-8")
    subprocess.run(("mount", "--bind", str(hosts), "/etc/hosts"), check=True)
    engine.podman("rm", "--all", "--force", check=False)


def _run_all(project: Project) -> None:
    """Start each service once what it needs is there; then everything must be healthy."""
    for name in project.in_order():
        for needed, condition in project.needs(name).items():
            if condition == COMPLETED:
                _wait_ended(needed)
            elif condition == HEALTHY:
                _wait_healthy(project, needed)
        with shown(f"start {name}"):
            engine.podman(*run_arguments(project, name))
    for name in project.services:
        _wait_healthy(project, name)


def _wait_ended(name: str) -> None:
    ends_at = time.monotonic() + ENDS_WITHIN_S
    while _state(name) == "running":
        if time.monotonic() > ends_at:
            raise StackFault(f"{name} does not end: {_last_words(name)}")
        time.sleep(LOOK_S)
    code = engine.podman("inspect", "--format", "{{.State.ExitCode}}", name).stdout.strip()
    if code != "0":
        raise StackFault(f"{name} ended with {code}: {_last_words(name)}")


def _wait_healthy(project: Project, name: str) -> None:
    command = health_command(project.services[name])
    if command is None:
        return
    with shown(f"{name} is healthy"):
        ends_at = time.monotonic() + HEALTHY_WITHIN_S
        while (result := engine.podman("exec", name, *command, check=False)).returncode != 0:
            if _state(name) != "running":
                raise StackFault(f"{name} ended: {_last_words(name)}")
            if time.monotonic() > ends_at:
                said = (result.stdout + result.stderr).strip() or _last_words(name)
                raise StackFault(f"{name} does not become healthy: {said}")
            time.sleep(LOOK_S)


def _state(name: str) -> str:
    return engine.podman("inspect", "--format", "{{.State.Status}}", name).stdout.strip()


def _last_words(name: str) -> str:
    result = engine.podman("logs", "--tail", "5", name, check=False)
    return " | ".join((result.stdout + result.stderr).split("\n"))[:2_000]


def _bid(project: Project) -> None:
    """Two people, an auction and a bid over TLS, and its outcome."""
    caddy = project.directory / "volumes" / "caddy-data" / "caddy"
    authority = caddy / "pki" / "authorities" / "local" / "root.crt"
    os.environ["SSL_CERT_FILE"] = str(authority)
    with shown("a bid over TLS is decided"):
        place_bid(Endpoint(f"https://{HOST}", f"wss://{HOST}/ws"))


def _forge() -> None:
    """Try to write a bid as those who may not. StackFault when Kafka does not forbid it."""
    for name in FORGERS:
        with shown(f"{name} may write no bid"):
            result = engine.podman("exec", name, "python", "-c", FORGERY, check=False)
            if "TopicAuthorizationFailedError" not in result.stderr:
                raise StackFault(f"{name} was not refused by Kafka: {result.stderr[-2_000:]}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
