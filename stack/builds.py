"""What is fetched or built once, kept in var/lib and shared by all profiles.

Each has a stamp there, the hash of what it was made from, and is made again only when that changed.
What serves while it is made anew gets another name first: an interrupted build leaves nothing.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from stack.commands import output_of, run_logged
from stack.faults import StackFault
from stack.files import digest_of, exclusive
from stack.places import CHECKOUT, libraries_dir
from stack.progress import shown
from stack.settings import Versions
from stack.toolchains import Node, go, node

KAFKA_POM = CHECKOUT / "stack" / "kafka" / "pom.xml"
KAFKA_HASHES = KAFKA_POM.with_name("jars.sha256")  # as `sha256sum` writes them
MAILPIT_MODULE = "github.com/axllent/mailpit"
GO_BUILD = ("build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w")
GO_VARIABLES = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}
CLIENT, K6 = CHECKOUT / "app" / "web" / "client", CHECKOUT / "k6"
CLIENT_MADE = {"node_modules", "dist"}


@dataclass(frozen=True, slots=True)
class Build:
    """What `make` makes at the path it is given: `target`, or a new name that becomes it."""

    what: str
    target: Path
    inputs: Callable[[], Iterable[Path]]
    make: Callable[[Path], None]
    in_place: bool = False

    @property
    def is_current(self) -> bool:
        """Whether it was made from the inputs as they are now."""
        is_made = self.target.exists() and self._stamp.exists()
        return is_made and self._stamp.read_text(encoding="utf-8") == digest_of(self.inputs())

    def path(self) -> Path:
        """Where it is. Raise StackFault when it is not there."""
        if not self.target.exists():
            raise StackFault(f"{self.target} is missing: run `make install`")
        return self.target

    def ensure(self) -> Path:
        """Make it if need be, one process at a time; where it is. Raise StackFault."""
        if not self.is_current:
            with exclusive(self._stamp.with_suffix(".lock")):
                if not self.is_current:
                    with shown(self.what):
                        self._make_anew()
        return self.target

    @property
    def _stamp(self) -> Path:
        return libraries_dir() / f"{'-'.join(self.target.relative_to(CHECKOUT).parts)}.sha256"

    def _make_anew(self) -> None:
        if self.in_place:
            self.make(self.target)
        else:
            draft = self.target.with_name(f"{self.target.name}.new")
            _remove(draft)
            self.make(draft)
            _remove(self.target)
            draft.rename(self.target)
        self._stamp.write_text(digest_of(self.inputs()), encoding="utf-8")


def go_program(name: str) -> Build:
    """One of our programs in Go, of a few lines around a library; go.sum holds all hashes.

    `storm` is the load generator of k6/, the others are in folders of stack/.
    """
    source = K6 / name if name == "storm" else CHECKOUT / "stack" / name
    kinds = ("*.go", "*.mjs", "package*.json", "go.mod", "go.sum")
    return Build(
        f"build {name}",
        libraries_dir() / name,
        inputs=lambda: [file for kind in kinds for file in source.glob(kind)],
        make=partial(_build_mailpit if name == "mailpit" else _build_go, source),
    )


def npm_packages(directory: Path) -> Build:
    """The npm packages that the lock file of a folder names."""
    return Build(
        f"packages of {directory.name}/",
        directory / "node_modules",
        inputs=lambda: [directory / "package-lock.json", directory / "package.json"],
        make=lambda _: _run_npm(directory, "ci", "--no-audit", "--no-fund"),
        in_place=True,
    )


def check_hashes(directory: Path, hashes: Path) -> None:
    """Raise StackFault for files that are missing, others, or more than `hashes` lists."""
    pinned = set(hashes.read_text(encoding="utf-8").splitlines())
    wrong = sorted({line.split()[1] for line in pinned ^ set(_hashes_of(directory))})
    if wrong:
        raise StackFault(f"not as {hashes.name} pins them: {', '.join(wrong)}")


def pin_kafka() -> None:
    """Write down the hashes of Kafka's libraries as Maven has them now."""
    with TemporaryDirectory() as directory:
        _copy_jars(Path(directory))
        text = "".join(f"{line}\n" for line in _hashes_of(Path(directory)))
    KAFKA_HASHES.write_text(text, encoding="utf-8")


def _fetch_kafka(directory: Path) -> None:
    _copy_jars(directory)
    check_hashes(directory, KAFKA_HASHES)


def _copy_jars(directory: Path) -> None:
    options = (f"-Dkafka.version={Versions.kafka}", f"-DoutputDirectory={directory}")
    run_logged(
        ("mvn", "-B", "-ntp", "-f", str(KAFKA_POM), "dependency:copy-dependencies", *options),
        what="fetching Kafka",
    )


def _hashes_of(directory: Path) -> list[str]:
    files = sorted(directory.iterdir())
    return [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}" for file in files]


def _build_go(source: Path, target: Path, *options: str) -> None:
    _run_go(source, *GO_BUILD, *options, "-o", str(target))


def _build_mailpit(source: Path, target: Path) -> None:
    """Build Mailpit with its page, of which the Go module holds the source only."""
    npm_packages(source).ensure()
    _run_go(source, "mod", "download")
    listed = output_of((go(), "-C", str(source), "list", "-m", "-f", "{{.Dir}}", MAILPIT_MODULE))
    with TemporaryDirectory() as made:
        # Go's own copy is read-only, and files in it cannot be overlaid.
        module, modfile = Path(made) / "module", Path(made) / "go.mod"
        shutil.copytree(listed.strip(), module)
        for directory in (module, *(one for one in module.rglob("*") if one.is_dir())):
            directory.chmod(0o755)
        pages = (str(module / "server" / "ui-src"), str(module / "server" / "ui" / "dist"))
        tools = node()
        _run_node(tools, source, tools.node, "build.mjs", *pages)
        for name in ("go.mod", "go.sum"):
            shutil.copy(source / name, made)
        with modfile.open("a", encoding="utf-8") as stream:
            stream.write(f"\nreplace {MAILPIT_MODULE} => {module}\n")
        _build_go(source, target, f"-modfile={modfile}")


def _run_go(source: Path, *arguments: str) -> None:
    run_logged(
        (go(), *arguments),
        what=f"building {source.name}",
        directory=source,
        environment=GO_VARIABLES,
    )


def _run_npm(directory: Path, *arguments: str) -> None:
    tools = node()
    _run_node(tools, directory, tools.npm, *arguments)


def _run_node(tools: Node, directory: Path, *command: str) -> None:
    run_logged(
        command,
        what=f"{Path(command[0]).name} {command[1]} in {directory.name}/",
        directory=directory,
        environment=tools.variables,
    )


def _build_client(_: Path) -> None:
    npm_packages(CLIENT).ensure()
    _run_npm(CLIENT, "run", "build")


def _client_inputs() -> list[Path]:
    """All files of the client that are not made from others."""
    inputs = []
    for directory, names, files in os.walk(CLIENT):
        names[:] = [name for name in names if name not in CLIENT_MADE]
        inputs += [Path(directory) / file for file in files]
    return inputs


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


KAFKA = Build(
    f"fetch Kafka {Versions.kafka}",
    libraries_dir() / f"kafka-{Versions.kafka}",
    inputs=lambda: (KAFKA_POM, KAFKA_HASHES),
    make=_fetch_kafka,
)
BROWSER_CLIENT = Build(
    "build the browser's client", CLIENT / "dist", _client_inputs, _build_client, in_place=True
)
