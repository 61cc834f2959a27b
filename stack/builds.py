"""What is downloaded or built once, kept in var/lib and shared by all profiles.

Each thing has a stamp there, the hash of what it was made from, and is made again only when that
changed. Servers are made under another name and renamed: an interrupted build leaves nothing.
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
MAILPIT_MODULE = "github.com/axllent/mailpit"
CLIENT = CHECKOUT / "app" / "web" / "client"
CLIENT_MADE = {"node_modules", "dist"}
K6 = CHECKOUT / "k6"


def kafka_libraries(version: str) -> Path:
    """The directory of Kafka's jar files; StackFault when they are not there."""
    return _present(_kafka(version))


def go_executable(name: str) -> Path:
    """A program of ours in Go; StackFault when it is not built."""
    return _present(_program(name))


def kafka_is_current(version: str) -> bool:
    """Whether the libraries are those that the pom and the list of hashes name now."""
    return _is_current(_kafka(version), KAFKA_INPUTS)


def go_is_current(name: str) -> bool:
    """Whether the program was built from the sources as they are now."""
    return _is_current(_program(name), _go_inputs(name))


def client_is_current() -> bool:
    """Whether the browser's client is built from the sources as they are now, or there is none."""
    return not (CLIENT / "package.json").exists() or _is_current(CLIENT / "dist", _client_inputs())


def packages_are_current(directory: Path) -> bool:
    """Whether the npm packages of `directory` (CLIENT, K6) are those its lock file names now."""
    return _is_current(directory / "node_modules", _npm_inputs(directory))


def fetch_kafka(version: str) -> None:
    """Let Maven fetch Kafka's libraries. Raises StackFault for one that is not as it was pinned."""

    def fetch(draft: Path) -> None:
        _copy_jars(version, draft)
        check_hashes(draft, KAFKA_HASHES)

    _make(_kafka(version), KAFKA_INPUTS, fetch)


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


def build_go(name: str, go: Go, node: Node | None = None) -> None:
    """Build one of our programs in Go; go.sum holds the hashes of all it is made of.

    Mailpit's needs `node`.
    """
    options = ("build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w")

    def build(draft: Path) -> None:
        with TemporaryDirectory() as made:
            more = _with_page(Path(made), go, node) if node else ()
            _run_go(name, go, *options, *more, "-o", str(draft))

    _make(_program(name), _go_inputs(name), build)


def install_npm_packages(node: Node, directory: Path) -> None:
    """npm ci in `directory`, when its lock file changed since the last."""
    if not packages_are_current(directory):
        what = f"installing the packages of {directory.name}"
        _run_node(node, directory, node.npm, "ci", "--no-audit", "--no-fund", what=what)
        _set_stamp(directory / "node_modules", _npm_inputs(directory))


def build_client(node: Node) -> None:
    """Build the browser's client into its dist/."""
    install_npm_packages(node, CLIENT)
    _run_node(node, CLIENT, node.npm, "run", "build", what="building the client")
    _set_stamp(CLIENT / "dist", _client_inputs())


def digest_of(files: Iterable[Path]) -> str:
    """One hash of the names and contents of `files`."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file.relative_to(CHECKOUT)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _with_page(made: Path, go: Go, node: Node) -> tuple[str, ...]:
    """Build Mailpit's page, which the Go module holds as source only; the options that take it.

    `package-lock.json` holds the hashes of what the page is made of.
    """
    source = _go_source(MAILPIT)
    install_npm_packages(node, source)
    _run_go(MAILPIT, go, "mod", "download")
    listed = output_of((go.go, "-C", str(source), "list", "-m", "-f", "{{.Dir}}", MAILPIT_MODULE))
    # Go's own copy is read-only, and files in it cannot be overlaid.
    module, modfile = made / "module", made / "go.mod"
    shutil.copytree(listed.strip(), module)
    for directory in (module, *(one for one in module.rglob("*") if one.is_dir())):
        directory.chmod(0o755)
    pages = (str(module / "server" / "ui-src"), str(module / "server" / "ui" / "dist"))
    _run_node(node, source, node.node, "build.mjs", *pages, what="building Mailpit's page")
    for name in ("go.mod", "go.sum"):
        shutil.copy(source / name, made)
    with modfile.open("a", encoding="utf-8") as stream:
        stream.write(f"\nreplace {MAILPIT_MODULE} => {module}\n")
    return (f"-modfile={modfile}",)


def _run_go(name: str, go: Go, *arguments: str) -> None:
    run_logged(
        (go.go, *arguments),
        log_file=install_log_dir() / f"{name}.log",
        what=f"building {name}",
        directory=_go_source(name),
        environment={"CGO_ENABLED": "0", "GOTOOLCHAIN": "local"},
    )


def _run_node(node: Node, directory: Path, *command: str, what: str) -> None:
    run_logged(
        command,
        log_file=install_log_dir() / f"node-{directory.name}.log",
        what=what,
        directory=directory,
        environment={"PATH": node.path(os.environ["PATH"])},
    )


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


def _make(target: Path, inputs: list[Path], make: Callable[[Path], None]) -> None:
    draft = target.with_name(f"{target.name}.new")
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove(draft)
    make(draft)
    _remove(target)
    draft.rename(target)
    _set_stamp(target, inputs)


def _is_current(target: Path, inputs: list[Path]) -> bool:
    stamp = _stamp(target)
    is_made = target.exists() and stamp.exists()
    return is_made and stamp.read_text(encoding="utf-8") == digest_of(inputs)


def _set_stamp(target: Path, inputs: list[Path]) -> None:
    libraries_dir().mkdir(parents=True, exist_ok=True)
    _stamp(target).write_text(digest_of(inputs), encoding="utf-8")


def _stamp(target: Path) -> Path:
    return libraries_dir() / f"{'-'.join(target.relative_to(CHECKOUT).parts)}.sha256"


def _kafka(version: str) -> Path:
    return libraries_dir() / f"kafka-{version}"


def _program(name: str) -> Path:
    return libraries_dir() / name


def _go_source(name: str) -> Path:
    return CHECKOUT / "stack" / name


def _go_inputs(name: str) -> list[Path]:
    kinds = ("*.go", "*.mjs", "package*.json", "go.mod", "go.sum")
    return [file for kind in kinds for file in _go_source(name).glob(kind)]


def _npm_inputs(directory: Path) -> list[Path]:
    return [directory / "package-lock.json", directory / "package.json"]


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
