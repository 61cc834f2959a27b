"""Kafka in KRaft mode, broker and controller in one small Java process."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from stack.builds import kafka_libraries
from stack.commands import run_logged
from stack.credentials import Credentials
from stack.faults import StackFault
from stack.places import CHECKOUT, Places
from stack.ports import HOST, is_listening
from stack.programs import Program
from stack.settings import Settings

# Replication 1: there is one broker. Threads and buffers are for two cores and a small heap; the
# defaults are for a machine of its own. Retention is set by each topic.
CONFIGURATION = """\
# Written at every start by stack/servers/kafka.py.
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}{proxied_listener}
advertised.listeners=PLAINTEXT://{host}:{port}{proxied_address}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs={directory}

auto.create.topics.enable=false
delete.topic.enable=true
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
# A killed broker is let back in when its old session has ended, by default after 9 s.
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=1000

num.network.threads=2
num.io.threads=4
num.recovery.threads.per.data.dir=2
background.threads=2
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=16777216
log.segment.bytes=134217728
log.index.size.max.bytes=1048576
"""

JAVA_OPTIONS = ("-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true")
LASTING = ("-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20")
# Half the computing, 4 s of it at the start: the compiler that optimises would never pay itself.
SHORT_LIVED = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


@dataclass(frozen=True, slots=True)
class Kafka:
    """The broker whose log is at `data`."""

    places: Places
    settings: Settings
    credentials: Credentials
    name: str = "kafka"

    @property
    def data(self) -> Path:
        """Where the partitions are."""
        return self.places.data_dir / "kafka"

    def prepare(self) -> None:
        """Make its data directory and write its configuration."""
        text = CONFIGURATION.format(
            host=HOST,
            port=self.settings.ports.kafka,
            controller_port=self.settings.ports.kafka_controller,
            directory=self.data,
            proxied_listener=self._proxied(self.settings.ports.kafka_proxied),
            proxied_address=self._proxied(self.settings.ports.proxy_kafka),
        )
        self._configuration_file.write_text(text, encoding="utf-8")
        if not (self.data / "meta.properties").exists():
            self._format()

    def program(self) -> Program:
        """How the supervisor runs it."""
        heap_mb = self.settings.sizes.kafka_heap_mb
        heap = (f"-Xms{heap_mb}m", f"-Xmx{heap_mb}m")
        compiling = SHORT_LIVED if self.settings.short_lived else LASTING
        command = (*self._java(), *heap, *JAVA_OPTIONS, *compiling, "kafka.Kafka")
        return Program(
            name=self.name,
            command=(*command, str(self._configuration_file)),
            stop_wait_s=30,  # it writes its logs and marks them clean
            priority=30,
        )

    def is_ready(self) -> bool:
        """Kafka opens its port when it has recovered its logs and joined its cluster."""
        return is_listening(self.settings.ports.kafka)

    def complete(self) -> None:
        """Nothing: topics belong to the application, which creates them itself."""

    @property
    def _configuration_file(self) -> Path:
        return self.places.run_dir / "kafka.properties"

    def _proxied(self, port: int) -> str:
        """A client goes where a listener is said to be: at its proxy's port."""
        return f",PROXIED://{HOST}:{port}" if self.settings.proxied else ""

    def _java(self) -> tuple[str, ...]:
        executable = shutil.which("java")
        if executable is None:
            raise StackFault("java is missing: apt-get install openjdk-17-jre-headless")
        libraries = kafka_libraries(self.settings.versions.kafka)
        logging = f"-Dlog4j2.configurationFile={CHECKOUT}/stack/kafka/log4j2.properties"
        return (executable, "-cp", f"{libraries}/*", logging)

    def _format(self) -> None:
        """Write the cluster's id; a half-formatted directory is begun anew."""
        shutil.rmtree(self.data, ignore_errors=True)
        arguments = ("-t", self.credentials.kafka_cluster_id, "-c", str(self._configuration_file))
        run_logged(
            (*self._java(), "kafka.tools.StorageTool", "format", *arguments),
            log_file=self.places.logs_dir / "kafka-format.log",
            what="formatting Kafka's log directory",
        )
