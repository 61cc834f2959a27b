"""How a service of the compose file is run by podman: everything that the file says of it."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack.builds import KAFKA
from stack.image import engine
from stack.image.images import STORES_TAG, TAG
from stack.places import CHECKOUT

OURS = "auction-house"
HOST = "auction.localhost"  # for such a name Caddy is an authority of its own
# Services whose images have no stand-in.
LEFT_OUT = ("mongodb", "prometheus", "grafana")
# The users of images that the compose file does not name.
USERS = {"kafka": "1000:1000", "caddy": "0:0"}
NUMBERS = {"postgres": "999", "redis": "999"}
HOUSE_USER = "10001"  # of the Dockerfile
ENTRYPOINTS = {"postgresql": ["sh", "/usr/local/bin/postgres-entrypoint.sh"]}
HOST_MIN = 10  # addresses below are the network's own


@dataclass(frozen=True, slots=True)
class Project:
    """The services that are run, by name, and where their files are kept meanwhile."""

    services: Mapping[str, Mapping[str, Any]]
    directory: Path

    @property
    def secrets(self) -> Path:
        """What the service `secrets` makes."""
        return self.directory / "secrets"

    def address(self, name: str) -> str:
        """The service's address."""
        return f"{engine.SUBNET}.{HOST_MIN + sorted(self.services).index(name)}"

    def hosts(self) -> dict[str, str]:
        """The address of every service, by its name."""
        return {name: self.address(name) for name in self.services}

    def needs(self, name: str) -> dict[str, str]:
        """What a service waits for, and the condition."""
        wanted = self.services[name].get("depends_on") or {}
        return {one: needed["condition"] for one, needed in wanted.items() if one in self.services}

    def in_order(self) -> list[str]:
        """The services, each after those it waits for."""
        ordered: list[str] = []

        def add(name: str) -> None:
            for needed in self.needs(name):
                add(needed)
            if name not in ordered:
                ordered.append(name)

        for name in self.services:
            add(name)
        return ordered


def run_arguments(project: Project, name: str) -> list[str]:
    """Return the arguments of `podman run`."""
    service = project.services[name]
    entrypoint = service.get("entrypoint") or ENTRYPOINTS.get(name, [])
    image = TAG if service["image"].startswith(f"{OURS}:") else STORES_TAG
    return [
        *("run", "--detach", "--name", name, "--no-healthcheck", "--log-driver", "k8s-file"),
        *_network(project, name),
        *_confinement(service),
        *_scratch(project, name),
        *_mounts(project, name),
        *_environment(service),
        *(("--entrypoint", entrypoint[0]) if entrypoint else ()),
        image,
        *entrypoint[1:],
        *_command(name, service),
    ]


def health_command(service: Mapping[str, Any]) -> list[str] | None:
    """Return the command of its health check; None: it has none."""
    test = (service.get("healthcheck") or {}).get("test")
    if not test:
        return None
    kind, *words = test
    return ["sh", "-c", *words] if kind == "CMD-SHELL" else words


def _command(name: str, service: Mapping[str, Any]) -> list[str]:
    if name == "caddy":  # of its image
        return ["caddy", "run", "--config", "/etc/caddy/Caddyfile"]
    return list(service.get("command") or [])


def _network(project: Project, name: str) -> Iterator[str]:
    yield from ("--network", engine.NETWORK, "--ip", project.address(name))
    for host, address in project.hosts().items():
        yield from ("--add-host", f"{host}:{address}")
    if shared := project.services[name].get("pid"):
        yield from ("--pid", f"container:{shared.partition(':')[2]}")


def _confinement(service: Mapping[str, Any]) -> Iterator[str]:
    if service.get("read_only"):
        yield from ("--read-only", "--read-only-tmpfs=false")
    for right in service.get("cap_drop") or []:
        yield from ("--cap-drop", right)
    for right in service.get("cap_add") or []:
        yield from ("--cap-add", right)
    if "no-new-privileges:true" in (service.get("security_opt") or []):
        yield from ("--security-opt", "no-new-privileges")
    if user := _user(service):
        yield from ("--user", user)
    yield from ("--memory", service["deploy"]["resources"]["limits"]["memory"])
    if service.get("shm_size"):
        yield from ("--shm-size", service["shm_size"])


def _scratch(project: Project, name: str) -> Iterator[str]:
    """What is kept in memory. Podman 4 gives it no owner: then a directory stands in."""
    for entry in project.services[name].get("tmpfs") or []:
        target, _, options = entry.partition(":")
        chosen = dict(option.partition("=")[::2] for option in options.split(","))
        if "uid" in chosen:
            source = _owned(project.directory / "scratch" / name / Path(target).name, chosen["uid"])
            yield from ("--volume", f"{source}:{target}")
        else:
            yield from ("--tmpfs", entry)


def _user(service: Mapping[str, Any]) -> str:
    return service.get("user") or next(
        (user for kind, user in USERS.items() if kind in service["image"]), ""
    )


def _mounts(project: Project, name: str) -> Iterator[str]:
    service = project.services[name]
    for mount in service.get("volumes") or []:
        if mount["type"] == "bind":
            source = _bound(project, Path(mount["source"]))
        else:
            source = _volume(project, mount["source"], service)
        mode = ":ro" if mount.get("read_only") else ""
        yield from ("--volume", f"{source}:{mount['target']}{mode}")
    if "kafka:" in service["image"]:
        yield from ("--volume", f"{KAFKA.path()}:/opt/kafka/libs:ro")


def _bound(project: Project, source: Path) -> Path:
    """A file of the checkout, or a folder of secrets, which an engine makes when it is missing."""
    inside = source.relative_to(CHECKOUT)
    if inside.parts[0] != project.secrets.name:
        return source
    found = project.directory / inside
    found.mkdir(parents=True, exist_ok=True)
    return found


def _volume(project: Project, name: str, service: Mapping[str, Any]) -> Path:
    """New volumes belong to whom the directory in the image belongs to: the service's user."""
    user = _user(service).partition(":")[0] or HOUSE_USER
    return _owned(project.directory / "volumes" / name, NUMBERS.get(user, user))


def _owned(directory: Path, user: str) -> Path:
    if not directory.exists():
        directory.mkdir(parents=True)
        directory.chmod(0o700)
        os.chown(directory, int(user), int(user))
    return directory


def _environment(service: Mapping[str, Any]) -> Iterator[str]:
    for name, value in (service.get("environment") or {}).items():
        yield from ("--env", f"{name}={value}")


def host_lines(project: Project) -> str:
    """Return /etc/hosts for whoever looks at the services from beside them."""
    own = Path("/etc/hosts").read_text(encoding="utf-8").splitlines()
    lines = [f"{address} {name}" for name, address in project.hosts().items()]
    return os.linesep.join([*own, *lines, ""])
