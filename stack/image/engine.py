"""Debian's podman and buildah, with their store in var/lib, in network namespaces of their own."""

import json
import os
import resource
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from stack.commands import run_logged
from stack.faults import StackFault
from stack.places import libraries_dir

CONTAINERS = libraries_dir() / "containers"
LOCK = CONTAINERS.with_suffix(".lock")
NETWORK = "house"
SUBNET = "10.89.7"
PLUGINS = "/usr/lib/cni"
STORE = ("--root", str(CONTAINERS / "store"), "--runroot", str(CONTAINERS / "run"))
# crun, which podman prefers, refuses machines that have both versions of cgroups.
PODMAN = ("podman", *STORE, "--runtime", "runc", "--cgroup-manager", "cgroupfs")
BUILDAH = ("buildah", *STORE)
# Chroot is isolation enough for our own steps, and works where user namespaces do not.
BUILD = (*BUILDAH, "bud", "--isolation", "chroot", "--format", "docker", "--network", "host",
         "--pull-never", "--layers")  # fmt: skip


def prepare() -> None:
    """Write the engine's configuration: limits that we may set, one network, no daemon."""
    networks = CONTAINERS / "networks"
    shutil.rmtree(networks, ignore_errors=True)  # with addresses of a run that was killed
    networks.mkdir(parents=True)
    ipam = {
        "type": "host-local",
        "ranges": [[{"subnet": f"{SUBNET}.0/24", "gateway": f"{SUBNET}.1"}]],
        "dataDir": str(networks / "leases"),
    }
    bridge = {"type": "bridge", "bridge": "house0", "isGateway": True, "ipam": ipam}
    network = {"cniVersion": "0.4.0", "name": NETWORK, "plugins": [bridge]}
    (networks / f"{NETWORK}.conflist").write_text(json.dumps(network), encoding="utf-8")
    files = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 65_536)
    _configuration().write_text(
        f'[containers]\ndefault_ulimits = ["nofile={files}:{files}", "nproc=4096:4096"]\n'
        f'[network]\nnetwork_backend = "cni"\nnetwork_config_dir = "{networks}"\n'
        f'cni_plugin_dirs = ["{PLUGINS}"]\n',
        encoding="utf-8",
    )


def engine_environment() -> dict[str, str]:
    """The environment that podman and buildah need."""
    return {**os.environ, "CONTAINERS_CONF": str(_configuration())}


def build(tag: str, *options: str, context: Path) -> None:
    """Build an image. Raises StackFault with the line that tells why it cannot be."""
    run_logged(
        (*BUILD, "-t", tag, *options, str(context)),
        what=f"building {tag}",
        environment=engine_environment(),
    )


def podman(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run podman. Raises StackFault with what it said, unless it may fail."""
    result = subprocess.run(
        (*PODMAN, *arguments),
        env=engine_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if check and result.returncode != 0:
        raise StackFault(f"podman {arguments[0]} failed: {result.stderr.strip()}")
    return result


def has_image(tag: str) -> bool:
    """Whether there is such an image."""
    return podman("image", "exists", tag, check=False).returncode == 0


def in_own_network(command: Sequence[str]) -> int:
    """Run a command with networks, mounts and processes of its own; its exit code.

    What it starts ends with it, and it ends with us.
    """
    own = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
    return subprocess.run((*own, *command), env=engine_environment(), check=False).returncode


def _configuration() -> Path:
    return CONTAINERS / "containers.conf"
