"""docker-compose.yml and deploy/kubernetes, as their own tools read them (stack/manifests)."""

import json
import subprocess
from pathlib import Path
from typing import Any

import yaml

from stack.builds import go_program
from stack.faults import StackFault
from stack.places import CHECKOUT

COMPOSE_FILE = CHECKOUT / "docker-compose.yml"
PRODUCTION = CHECKOUT / "deploy" / "production.env"
KUBERNETES = CHECKOUT / "deploy" / "kubernetes"
KUSTOMIZATIONS = tuple(KUBERNETES / name for name in ("jobs", "house"))
SECRETS = "secrets"  # the directory that a service of the compose file fills


def compose_project(file: Path = COMPOSE_FILE, env_file: Path | None = None) -> dict[str, Any]:
    """Return the project with every profile. Raises StackFault with a line per fault."""
    options = ("-env-file", str(env_file)) if env_file else ()
    return dict(json.loads(_loaded("compose", *options, "-made", SECRETS, str(file))))


def kubernetes_resources(directory: Path) -> list[dict[str, Any]]:
    """Return what `kubectl apply -k` would send. Raises StackFault with a line per fault."""
    return [dict(one) for one in yaml.safe_load_all(_loaded("kubernetes", str(directory)))]


def _loaded(*arguments: str) -> str:
    loader = go_program("manifests").path()
    result = subprocess.run((str(loader), *arguments), capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise StackFault(result.stderr.strip())
    return result.stdout
