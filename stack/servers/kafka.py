"""Kafka in KRaft mode: each broker is a controller, too, and one small Java process.

Several brokers keep every record in three copies. They call each other by name, and each has a
hosts file of its own, so that a campaign can put a proxy between any two of them.
"""

import shutil
import socket
from collections.abc import Mapping
from pathlib import Path

from stack.builds import KAFKA
from stack.commands import run_logged
from stack.faults import UsageFault
from stack.files import write_private
from stack.places import CHECKOUT, Places
from stack.ports import HOST, host_of
from stack.programs import Program
from stack.servers import Server, on_path
from stack.settings import Settings

# Three copies, two of which acknowledge a record: it outlives the loss of any one broker.
REPLICATION_MAX = 3
# Threads and buffers are for two cores and a small heap; the defaults are for a machine of its own.
# Retention is set by each topic.
CONFIGURATION = """\
# Written at every start by stack/servers/kafka.py.
process.roles=broker,controller
node.id={number}
controller.quorum.voters={voters}
listeners={listeners}
advertised.listeners={advertised}
listener.security.protocol.map={protocols}
inter.broker.listener.name={between}
controller.listener.names=CONTROLLER
log.dirs={directory}

auto.create.topics.enable=false
delete.topic.enable=true
unclean.leader.election.enable=false
default.replication.factor={replication}
min.insync.replicas={min_isr}
offsets.topic.replication.factor={replication}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor={replication}
transaction.state.log.min.isr={min_isr}
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor={replication}
share.coordinator.state.topic.min.isr={min_isr}
share.coordinator.state.topic.num.partitions=1
{security}
group.initial.rebalance.delay.ms=0
# A killed broker is let back in when its old session has ended, by default after 9 s.
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=1000
# A frozen controller keeps a heartbeat waiting for so long, by default for 30 s.
controller.socket.timeout.ms=3000

num.network.threads=2
num.io.threads=4
num.recovery.threads.per.data.dir=2
background.threads=2
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=16777216
log.segment.bytes=134217728
log.index.size.max.bytes=1048576
"""

# Who is let in, by password, and what nobody but those may do: `python -m bridge topics` says what
# gateways, the bridge and its clock may, and the rest is the operator's and the broker's own.
# PLAIN sends the password as it is, to loopback alone, and costs a new connection nothing.
SECURITY = """\
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
sasl.mechanism.controller.protocol=PLAIN
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:broker;User:operator
"""
PROTOCOL, MECHANISM = "SASL_PLAINTEXT", "PLAIN"
LOG_IN = (
    "listener.name.{listener}.plain.sasl.jaas.config="
    "org.apache.kafka.common.security.plain.PlainLoginModule required {known};"
)
BROKER = "broker"
USERS = ("operator", "gateway", "bridge", "clock")
OF_BROKERS = ("BROKERS", "CONTROLLER")  # listeners without other users

JAVA_OPTIONS = ("-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true")
LASTING = ("-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20")
# Half the computing, 4 s of it at the start: the compiler that optimises would never pay itself.
SHORT_LIVED = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


def replication_of(settings: Settings) -> tuple[int, int]:
    """In how many copies a topic is kept, and how many of them must acknowledge a record."""
    replication = min(settings.brokers, REPLICATION_MAX)
    return replication, replication // 2 + 1


def refuse_other_brokers(places: Places, settings: Settings) -> None:
    """Raise UsageFault when the data was made with another number of brokers."""
    file = _brokers_file(places)
    if file.exists():
        made_with = int(file.read_text(encoding="utf-8"))
    elif (places.data_dir / "kafka" / "meta.properties").exists():
        made_with = 1
    else:
        return
    if made_with != settings.brokers:
        raise UsageFault(
            f"the data of profile {places.run_dir.name} was made with brokers = {made_with}, and "
            f"stack/settings.py says {settings.brokers}: change it back, or `make clean`"
        )


class Kafka(Server):
    """Broker `number`, from 1, whose log is at `data`.

    It is ready when it listens: it has recovered its logs then, and joined its cluster.
    """

    kind = "kafka"

    def prepare(self) -> None:
        """Make its data directory and write its configuration."""
        _brokers_file(self.places).write_text(str(self.settings.brokers), encoding="utf-8")
        self._hosts_file.write_text(self._hosts(), encoding="utf-8")
        replication, min_isr = replication_of(self.settings)
        text = CONFIGURATION.format(
            number=self.number,
            voters=self._voters(),
            listeners=_listed(self._listeners()),
            advertised=_listed(self._advertised()),
            protocols=",".join(f"{name}:{PROTOCOL}" for name in self._listeners()),
            between="BROKERS" if self._has_others else "CLIENTS",
            directory=self.data,
            replication=replication,
            min_isr=min_isr,
            security=SECURITY + self._log_ins(),
        )
        write_private(self._configuration_file, text)
        if not (self.data / "meta.properties").exists():
            self._format()

    def program(self) -> Program:
        """Return how the supervisor runs it."""
        sizes = self.settings.sizes
        heap_mb = sizes.kafka_cluster_heap_mb if self._has_others else sizes.kafka_heap_mb
        heap = (f"-Xms{heap_mb}m", f"-Xmx{heap_mb}m")
        compiling = SHORT_LIVED if self.settings.short_lived else LASTING
        command = (*self.java(), *heap, *JAVA_OPTIONS, *compiling, "kafka.Kafka")
        return Program(
            name=self.name,
            command=(*command, str(self._configuration_file)),
            # It writes its logs and marks them clean. The last of several waits for others in vain.
            stop_wait_s=10 if self._has_others else 30,
            priority=30,
        )

    @property
    def _has_others(self) -> bool:
        return self.settings.brokers > 1

    @property
    def _configuration_file(self) -> Path:
        return self.places.run_dir / f"{self.name}.properties"

    @property
    def _hosts_file(self) -> Path:
        return self.places.run_dir / f"{self.name}.hosts"

    def _listeners(self) -> dict[str, str]:
        """Where it listens: a client goes to CLIENTS, or by way of a proxy to PROXIED."""
        ports = self.settings.ports
        used = {"CLIENTS": self.port, "CONTROLLER": ports.kafka_controller}
        if self._has_others:
            used["BROKERS"] = ports.kafka_brokers
        if self.settings.proxied:
            used["PROXIED"] = ports.kafka_proxied
        return {name: f"{self.host}:{port}" for name, port in used.items()}

    def _advertised(self) -> dict[str, str]:
        """Where others are told to go: a client to its proxy's port, another broker to a name."""
        ports = self.settings.ports
        own = {
            "PROXIED": f"{self.host}:{ports.proxy_kafka}",
            "BROKERS": f"{broker_name(self.number)}:{ports.kafka_brokers}",
            "CONTROLLER": self._controller(self.number),
        }
        return {name: own.get(name, at) for name, at in self._listeners().items()}

    def _voters(self) -> str:
        numbers = range(1, self.settings.brokers + 1)
        return ",".join(f"{number}@{self._controller(number)}" for number in numbers)

    def _controller(self, number: int) -> str:
        host = broker_name(number) if self._has_others else HOST
        return f"{host}:{self.settings.ports.kafka_controller}"

    def _hosts(self) -> str:
        """Its hosts file. Where there are proxies it finds each other broker behind one of them."""
        lines = [f"{HOST} localhost {socket.gethostname()}"]
        for other in range(1, self.settings.brokers + 1):
            through = self.settings.proxied and other != self.number
            address = host_between(self.number, other) if through else host_of(other)
            lines.append(f"{address} {broker_name(other)}")
        return "\n".join([*lines, ""])

    def _log_ins(self) -> str:
        """Whom each listener knows, and as whom the broker itself goes to another."""
        password = self.credentials.kafka_password
        own = f'username="{BROKER}" password="{password(BROKER)}"'
        lines = []
        for listener in self._listeners():
            users = (BROKER, *(USERS if listener not in OF_BROKERS else ()))
            known = " ".join(f'user_{user}="{password(user)}"' for user in users)
            lines.append(LOG_IN.format(listener=listener.lower(), known=f"{own} {known}"))
        return "\n".join(lines)

    def java(self) -> tuple[str, ...]:
        """The command that runs one of Kafka's classes, which follows it."""
        java = on_path("java", package="openjdk-17-jre-headless")
        logging = f"-Dlog4j2.configurationFile={CHECKOUT}/stack/kafka/log4j2.properties"
        hosts = (f"-Djdk.net.hosts.file={self._hosts_file}",) if self._has_others else ()
        return (java, "-cp", f"{KAFKA.path()}/*", logging, *hosts)

    def _format(self) -> None:
        """Write the cluster's id; a half-formatted directory is begun anew."""
        shutil.rmtree(self.data, ignore_errors=True)
        arguments = ("-t", self.credentials.kafka_cluster_id, "-c", str(self._configuration_file))
        run_logged(
            (*self.java(), "kafka.tools.StorageTool", "format", *arguments),
            log_file=self.places.logs_dir / f"{self.name}-format.log",
            what="formatting Kafka's log directory",
        )


def broker_name(number: int) -> str:
    """What the brokers call one another."""
    return f"broker-{number}"


def host_between(number: int, other: int) -> str:
    """Where the proxy listens by which broker `number` reaches `other`."""
    return f"127.0.{number}.{other}"


def _brokers_file(places: Places) -> Path:
    return places.data_dir / "kafka.brokers"


def _listed(listeners: Mapping[str, str]) -> str:
    return ",".join(f"{name}://{address}" for name, address in listeners.items())
