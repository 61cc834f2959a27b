"""Each store as in production: with a password and TLS."""

import os
import pwd
import select
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from stack import Stack
from stack.ports import HOST, is_listening
from stack.servers.kafka import JAVA_OPTIONS, SHORT_LIVED, Kafka
from stack.servers.postgresql import binaries_for, server_user
from tests.free_ports import free_port
from tests.integration.tls.certificates import Certificates
from tests.waiting import wait_until

USER, PASSWORD = "auction", "correct-horse"
COPY_BYTES = 65_536
# A database that needs no password, beside those that do.
POSTGRESQL_HBA = """\
hostssl open all 127.0.0.1/32 trust
hostssl all all 127.0.0.1/32 scram-sha-256
"""
KAFKA = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
controller.listener.names=CONTROLLER
inter.broker.listener.name=INSIDE
listeners=CLIENTS://{host}:{port},INSIDE://{host}:{inside},CONTROLLER://{host}:{controller}
listener.security.protocol.map=CLIENTS:SASL_SSL,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.clients.scram-sha-512.sasl.jaas.config={module} required;
ssl.keystore.type=PEM
ssl.keystore.location={both}
log.dirs={directory}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
auto.create.topics.enable=false
log.cleaner.dedupe.buffer.size=16777216
"""
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"


@contextmanager
def running(command: Sequence[str], port: int, *, user: str | None = None) -> Iterator[None]:
    """This process, listening at `port`, until left."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, user=user, group=user) as server:
        try:
            wait_until(lambda: is_listening(port), what=f"{command[0]} listens")
            assert server.poll() is None, f"{command[0]} has ended: another has its port"
            yield
        finally:
            server.terminate()


@contextmanager
def postgresql(stack: Stack, certificates: Certificates) -> Iterator[str]:
    """`host:port` of a server with databases `auction` (with a password) and `open`."""
    user = server_user()
    programs = binaries_for()
    directory = Path(tempfile.mkdtemp(prefix="tls-"))  # of pytest's own root alone sees anything
    for file in (certificates.certificate, certificates.key):
        shutil.copy(file, directory)
    (directory / "password").write_text(PASSWORD, encoding="utf-8")
    for path in (directory, *directory.iterdir()):
        path.chmod(0o700)
        if user:
            os.chown(path, pwd.getpwnam(user).pw_uid, -1)
    data, port = directory / "data", free_port()
    access = ("--auth=scram-sha-256", f"--username={USER}", f"--pwfile={directory}/password")
    subprocess.run(
        (programs / "initdb", f"--pgdata={data}", "--no-sync", *access),
        user=user, group=user, check=True, capture_output=True, cwd="/",
    )  # fmt: skip
    (data / "pg_hba.conf").write_text(POSTGRESQL_HBA, encoding="utf-8")
    files = (f"ssl_cert_file={directory}/server.pem", f"ssl_key_file={directory}/server.key")
    settings = (f"port={port}", f"listen_addresses={HOST}", "unix_socket_directories=", "ssl=on")
    options = [part for each in (*settings, *files, "fsync=off") for part in ("-c", each)]
    with running((str(programs / "postgres"), "-D", str(data), *options), port, user=user):
        for database in ("auction", "open"):
            subprocess.run(
                (programs / "createdb", "-h", HOST, "-p", str(port), "-U", USER, database),
                env={**os.environ, "PGPASSWORD": PASSWORD}, check=True,
            )  # fmt: skip
        yield f"{HOST}:{port}"
    shutil.rmtree(directory)


@contextmanager
def redis(certificates: Certificates, *, needs_password: bool = True) -> Iterator[str]:
    """`host:port` of a server; one that does not ask for a password speaks no TLS either."""
    port = free_port()
    files = ("--tls-cert-file", certificates.certificate, "--tls-key-file", certificates.key)
    tls = ("--port", "0", "--tls-port", str(port), *map(str, files), "--tls-auth-clients", "no")
    kind = (*tls, "--requirepass", PASSWORD) if needs_password else ("--port", str(port))
    command = ("redis-server", *kind, "--bind", HOST, "--save", "", "--tls-ca-cert-file")
    with running((*command, str(certificates.authority)), port):
        yield f"{HOST}:{port}"


@contextmanager
def kafka(stack: Stack, certificates: Certificates, directory: Path) -> Iterator[tuple[str, str]]:
    """`host:port` of a broker's listener with SASL_SSL and SCRAM, and of one without passwords."""
    java = Kafka(stack.places, stack.settings, stack.credentials).java()
    port, inside, controller = free_port(), free_port(), free_port()
    file = directory / "kafka.properties"
    text = KAFKA.format(
        host=HOST, port=port, inside=inside, controller=controller, module=SCRAM,
        both=certificates.both, directory=directory / "log",
    )  # fmt: skip
    file.write_text(text, encoding="utf-8")
    user = f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"
    options = ("-t", stack.credentials.kafka_cluster_id, "-c", str(file), "--add-scram", user)
    short_lived = (*java, *SHORT_LIVED)
    subprocess.run(
        (*short_lived, "kafka.tools.StorageTool", "format", *options),
        check=True, capture_output=True, cwd=directory,
    )  # fmt: skip
    command = (*java, "-Xmx256m", *JAVA_OPTIONS, *SHORT_LIVED, "kafka.Kafka", str(file))
    with running(command, port):
        yield f"{HOST}:{port}", f"{HOST}:{inside}"


@contextmanager
def tls_in_front_of(address: str, certificates: Certificates) -> Iterator[str]:
    """`host:port` that ends TLS in front of a server that has none: FerretDB, as we build it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    host, _, port = address.rpartition(":")

    def serve(client: socket.socket) -> None:
        with (
            suppress(OSError),
            context.wrap_socket(client, server_side=True) as secured,
            socket.create_connection((host, int(port))) as server,
        ):
            _pass_on(secured, server)

    def accept() -> None:
        with suppress(OSError):  # it was closed
            while True:
                client, _ = listening.accept()
                threading.Thread(target=serve, args=(client,), daemon=True).start()

    with socket.create_server((HOST, 0)) as listening:
        threading.Thread(target=accept, daemon=True).start()
        yield f"{HOST}:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)


def _pass_on(secured: ssl.SSLSocket, server: socket.socket) -> None:
    """Pass everything on, both ways, until one of them ends."""
    ways: dict[socket.socket, socket.socket] = {secured: server, server: secured}
    while True:
        readable = [secured] if secured.pending() else select.select(list(ways), [], [])[0]
        for source in readable:
            data = source.recv(COPY_BYTES)
            if not data:
                return
            ways[source].sendall(data)
