"""What is downloaded or built once, kept in var/lib and shared by all profiles.

Each thing has a stamp beside it, the hash of what it was made from, and is made again only when
that changed. It is made under another name and renamed: an interrupted build leaves nothing.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from stack.commands import output_of, run_logged
from stack.faults import StackFault
from stack.places import CHECKOUT, install_log_dir, libraries_dir
from stack.toolchains import Go, Node

KAFKA_POM = CHECKOUT / "stack" / "kafka" / "pom.xml"
KAFKA_HASHES = KAFKA_POM.with_name("jars.sha256")  # as `sha256sum` writes them
KAFKA_INPUTS = [KAFKA_POM, KAFKA_HASHES]
# Each is a program of a few lines around a library; its go.mod pins that.
FERRETDB, TOXIPROXY, MANIFESTS = "ferretdb", "toxiproxy", "manifests"
ACTIONLINT, MAILPIT = "actionlint", "mailpit"
CLIENT = CHECKOUT / "app" / "web" / "client"
K6 = CHECKOUT / "k6"
CLIENT_MADE = {"node_modules", "dist"}
MAILPIT_MODULE = "github.com/axllent/mailpit"


def kafka_libraries(version: str) -> Path:
    """The directory of Kafka's jar files; StackFault when they are not there."""
    return _present(libraries_dir() / f"kafka-{version}")


def go_executable(name: str, version: str) -> Path:
    """A program of ours in Go; StackFault when it is not built."""
    return _present(libraries_dir() / f"{name}-{version}")


def kafka_is_current(version: str) -> bool:
    """Whether the libraries are those that the pom and the list of hashes name now."""
    return _is_current(libraries_dir() / f"kafka-{version}", KAFKA_INPUTS)


def go_is_current(name: str, version: str) -> bool:
    """Whether the program was built from the sources as they are now."""
    return _is_current(libraries_dir() / f"{name}-{version}", _go_inputs(name))


def client_is_current() -> bool:
    """Whether the browser's client is built from the sources as they are now, or there is none."""
    return not (CLIENT / "package.json").exists() or _is_current(CLIENT / "dist", _client_inputs())


def fetch_kafka(version: str) -> None:
    """Let Maven fetch Kafka's libraries. Raises StackFault for one that is not as it was pinned."""

    def fetch(draft: Path) -> None:
        _copy_jars(version, draft)
        check_hashes(draft, KAFKA_HASHES)

    _make(libraries_dir() / f"kafka-{version}", KAFKA_INPUTS, fetch)


def check_hashes(directory: Path, hashes: Path) -> None:
    """Raise StackFault for files that are missing, others, or more than `hashes` lists."""
    pinned = set(hashes.read_text(encoding="utf-8").splitlines())
    wrong = sorted({line.split()[1] for line in pinned ^ set(_hashes_of(directory))})
    if wrong:
        raise StackFault(f"not as {hashes.name} pins them: {', '.join(wrong)}")


def pin_kafka(version: str) -> None:
    """Write down the hashes of Kafka's libraries as Maven has them now."""
    with TemporaryDirectory() as directory:
        _copy_jars(version, Path(directory))
        text = "".join(f"{line}\n" for line in _hashes_of(Path(directory)))
    KAFKA_HASHES.write_text(text, encoding="utf-8")


def _copy_jars(version: str, directory: Path) -> None:
    options = (f"-Dkafka.version={version}", f"-DoutputDirectory={directory}")
    run_logged(
        ("mvn", "-B", "-ntp", "-f", str(KAFKA_POM), "dependency:copy-dependencies", *options),
        log_file=install_log_dir() / "kafka.log",
        what="fetching Kafka",
    )


def _hashes_of(directory: Path) -> list[str]:
    return [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}"
        for file in sorted(directory.iterdir())
    ]


def build_go(name: str, version: str, go: Go) -> None:
    """Build one of our programs in Go; go.sum holds the hashes of all it is made of."""
    _make(
        libraries_dir() / f"{name}-{version}",
        _go_inputs(name),
        lambda draft: _go_build(name, go, "-o", str(draft)),
    )


def build_mailpit(version: str, go: Go, node: Node) -> None:
    """Build Mailpit with its page, which the Go module holds as source only.

    `package-lock.json` holds the hashes of what the page is made of.
    """
    source = _go_source(MAILPIT)
    install_npm_packages(node, source)

    def build(draft: Path) -> None:
        _run_go(MAILPIT, go, "mod", "download")
        with TemporaryDirectory() as made:
            # Go's own copy is read-only, and files in it cannot be overlaid.
            module, modfile = Path(made, "module"), Path(made, "go.mod")
            shutil.copytree(_module_directory(source, go), module)
            for directory in (module, *(one for one in module.rglob("*") if one.is_dir())):
                directory.chmod(0o755)
            pages_source, pages = module / "server" / "ui-src", module / "server" / "ui" / "dist"
            _run_node(node, source, "build.mjs", str(pages_source), str(pages), what=MAILPIT)
            for name in ("go.mod", "go.sum"):
                shutil.copy(source / name, made)
            with modfile.open("a", encoding="utf-8") as stream:
                stream.write(f"\nreplace {MAILPIT_MODULE} => {module}\n")
            _go_build(MAILPIT, go, f"-modfile={modfile}", "-o", str(draft))

    _make(libraries_dir() / f"{MAILPIT}-{version}", _go_inputs(MAILPIT), build)


def _module_directory(source: Path, go: Go) -> str:
    """Where Go keeps the source of Mailpit."""
    command = (go.go, "-C", str(source), "list", "-m", "-f", "{{.Dir}}", MAILPIT_MODULE)
    return output_of(command).strip()


def _go_build(name: str, go: Go, *options: str) -> None:
    _run_go(name, go, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", *options)


def _run_go(name: str, go: Go, *arguments: str) -> None:
    run_logged(
        (go.go, *arguments),
        log_file=install_log_dir() / f"{name}.log",
        what=f"building {name}",
        directory=_go_source(name),
        environment={"CGO_ENABLED": "0", "GOTOOLCHAIN": "local"},
    )


def packages_are_current(directory: Path) -> bool:
    """Whether the npm packages of `directory` (CLIENT, K6) are those its lock file names now."""
    marker = _packages_marker(directory)
    return marker.exists() and marker.read_text(encoding="utf-8") == _packages_digest(directory)


def install_npm_packages(node: Node, directory: Path) -> None:
    """npm ci in `directory`, when its lock file changed since the last."""
    if packages_are_current(directory):
        return
    options = ("--no-audit", "--no-fund")
    _npm(node, directory, "ci", *options, what=f"installing the packages of {directory.name}")
    _packages_marker(directory).write_text(_packages_digest(directory), encoding="utf-8")


def build_client(node: Node) -> None:
    """Build the browser's client into its dist/."""
    install_npm_packages(node, CLIENT)
    _npm(node, CLIENT, "run", "build", what="building the client")
    _stamp(CLIENT / "dist").write_text(digest_of(_client_inputs()), encoding="utf-8")


def digest_of(files: Iterable[Path]) -> str:
    """One hash of the names and contents of `files`."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file.relative_to(CHECKOUT)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _packages_marker(directory: Path) -> Path:
    return directory / "node_modules" / ".package-lock.sha256"


def _packages_digest(directory: Path) -> str:
    return digest_of([directory / "package-lock.json", directory / "package.json"])


def _npm(node: Node, directory: Path, *arguments: str, what: str) -> None:
    run_logged(
        (node.npm, *arguments),
        log_file=install_log_dir() / f"npm-{arguments[0]}-{directory.name}.log",
        what=what,
        directory=directory,
        environment={"PATH": node.path(os.environ["PATH"])},
    )


def _run_node(node: Node, directory: Path, *arguments: str, what: str) -> None:
    run_logged(
        (node.node, *arguments),
        log_file=install_log_dir() / f"node-{directory.name}.log",
        what=f"building {what}",
        directory=directory,
        environment={"PATH": node.path(os.environ["PATH"])},
    )


def _make(target: Path, inputs: list[Path], make: Callable[[Path], None]) -> None:
    draft = target.with_name(f"{target.name}.new")
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove(draft)
    make(draft)
    _remove(target)
    draft.rename(target)
    _stamp(target).write_text(digest_of(inputs), encoding="utf-8")


def _is_current(target: Path, inputs: list[Path]) -> bool:
    stamp = _stamp(target)
    if not (target.exists() and stamp.exists()):
        return False
    return stamp.read_text(encoding="utf-8") == digest_of(inputs)


def _stamp(target: Path) -> Path:
    return libraries_dir() / f"{target.name}.sha256"


def _go_source(name: str) -> Path:
    return CHECKOUT / "stack" / name


def _go_inputs(name: str) -> list[Path]:
    source = _go_source(name)
    made_of = (*source.glob("*.go"), *source.glob("*.mjs"), *source.glob("package*.json"))
    return [*made_of, source / "go.mod", source / "go.sum"]


def _client_inputs() -> list[Path]:
    """All files of the client that are not made from others."""
    inputs = []
    for directory, names, files in os.walk(CLIENT):
        names[:] = [name for name in names if name not in CLIENT_MADE]
        inputs += [Path(directory) / file for file in files]
    return inputs


def _present(path: Path) -> Path:
    if not path.exists():
        raise StackFault(f"{path} is missing: run `make install`")
    return path


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
