"""MongoDB: `mongod` where it is installed, else FerretDB, which speaks its protocol.

FerretDB keeps the documents in the database `ferretdb` of our PostgreSQL, whose owner is who logs
in: it goes to PostgreSQL as whoever came to it, and has no password of its own. mongod asks for
none. Which of the two it is was decided at the first start, by what was installed then, and stays
with the data.
"""

import shutil
from pathlib import Path

from stack.builds import go_program
from stack.credentials import Credentials
from stack.faults import StackFault
from stack.ports import HOST
from stack.programs import Program
from stack.servers import Server
from stack.servers.postgresql import primary_wanted

NOBODY = "nobody"  # no role of PostgreSQL, so a client without a password is refused there
# FerretDB's share of PostgreSQL's connections.
FERRETDB_CONNECTIONS_MAX = 5


def mongodb_engine(data_dir: Path) -> str:
    """`mongod` or `ferretdb`: what the data was made with, else what there is."""
    file = data_dir / "mongodb.engine"
    if file.exists():
        return file.read_text(encoding="utf-8").strip()
    return "mongod" if shutil.which("mongod") else "ferretdb"


def mongodb_url(address: str, credentials: Credentials, data_dir: Path) -> str:
    """Where the documents of the application are, with its log-in."""
    if mongodb_engine(data_dir) == "mongod":
        return f"mongodb://{address}/auction"
    owner = f"ferretdb:{credentials.ferretdb_password}"
    return f"mongodb://{owner}@{address}/auction?authMechanism=PLAIN"


class MongoDB(Server):
    """The document server, on the one port whichever it is."""

    kind = "mongodb"

    def prepare(self) -> None:
        """Keep to the engine of the first start; make mongod's data directory."""
        engine = mongodb_engine(self.places.data_dir)
        (self.places.data_dir / "mongodb.engine").write_text(engine, encoding="utf-8")
        if engine == "mongod":
            self.data.mkdir(exist_ok=True)

    def program(self) -> Program:
        """Return how the supervisor runs it."""
        is_mongod = mongodb_engine(self.places.data_dir) == "mongod"
        return self._mongod() if is_mongod else self._ferretdb()

    def _mongod(self) -> Program:
        executable = shutil.which("mongod")
        if executable is None:
            raise StackFault("the data was made with mongod, which is missing: install it again")
        address = ("--bind_ip", HOST, "--port", str(self.port), "--nounixsocket")
        options = ("--dbpath", str(self.data), "--wiredTigerCacheSizeGB", "0.25")
        return Program(self.name, (executable, *address, *options), stop_wait_s=30, priority=40)

    def _ferretdb(self) -> Program:
        address = f"{HOST}:{self.settings.ports.postgresql}"
        environment = {
            "FERRETDB_LISTEN": f"{HOST}:{self.port}",
            "FERRETDB_POSTGRESQL_URL": f"postgres://{NOBODY}@{address}/ferretdb"
            f"?pool_max_conns={FERRETDB_CONNECTIONS_MAX}&{primary_wanted(self.settings)}",
        }
        program = str(go_program("ferretdb").path())
        return Program(self.name, (program,), environment, priority=40)
