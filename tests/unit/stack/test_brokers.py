"""Three brokers and a standby: how they are set up, and which numbers of brokers are refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.settings import read_settings as read_application_settings
from stack.__main__ import main
from stack.credentials import credentials_in
from stack.environment import application_environment
from stack.faults import UsageFault
from stack.places import Places
from stack.programs import render_program
from stack.progress import silent
from stack.runtime import Stack
from stack.servers.kafka import Kafka, host_between
from stack.settings import read_settings

THREE = read_settings(profile="failover", port_offset=0)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    places = Places(root=tmp_path, run_dir=tmp_path / "run", data_dir=tmp_path / "data")
    places.run_dir.mkdir()
    places.data_dir.mkdir()
    return places


def brokers_of(places: Places) -> tuple[Kafka, ...]:
    return Stack("failover", places=places, settings=THREE, step=silent).brokers()


def settings_of(broker: Kafka) -> dict[str, str]:
    """The configuration of a broker whose data exists already."""
    broker.data.mkdir()
    (broker.data / "meta.properties").touch()
    broker.prepare()
    lines = (broker.places.run_dir / f"{broker.name}.properties").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and line[0] != "#")


def test_three_brokers_have_replication_3_and_min_in_sync_2(places: Places) -> None:
    brokers = brokers_of(places)
    found = [settings_of(broker) for broker in brokers]
    assert [one["node.id"] for one in found] == ["1", "2", "3"]
    assert len({one["controller.quorum.voters"] for one in found}) == 1
    assert len(set(found[0]["controller.quorum.voters"].split(","))) == 3
    assert len({one["listeners"] for one in found}) == len({one["log.dirs"] for one in found}) == 3
    for one in found:
        copies = [value for name, value in one.items() if name.endswith("replication.factor")]
        enough = [
            value for name, value in one.items() if name.endswith(("min.isr", "in.insync.replicas"))
        ]
        assert set(copies) == {"3"}
        assert set(enough) == {"2"}
        assert one["unclean.leader.election.enable"] == "false"


def test_brokers_reach_each_other_through_proxies(places: Places) -> None:
    second = brokers_of(places)[1]
    voters = settings_of(second)["controller.quorum.voters"]
    lines = (places.run_dir / "kafka-2.hosts").read_text().splitlines()
    hosts = {name: address for address, name in (line.split(" ")[:2] for line in lines)}
    names = [voter.split("@")[1].split(":")[0] for voter in voters.split(",")]
    assert [hosts[name] for name in names] == [host_between(2, 1), "127.0.0.2", host_between(2, 3)]


def test_topics_have_as_many_replicas_as_the_brokers_allow(places: Places) -> None:
    def copies(profile: str) -> tuple[int, int, int]:
        environment = application_environment(
            settings=read_settings(profile=profile, port_offset=0),
            credentials=credentials_in(places.data_dir),
            places=places,
        )
        settings = read_application_settings(environment)
        servers = len(settings.kafka_bootstrap_servers.split(","))
        return servers, settings.kafka_replication, settings.kafka_min_isr

    assert copies("local") == (1, 1, 1)
    assert copies("failover") == (3, 3, 2)


def test_with_a_standby_a_dead_primary_is_not_restarted(places: Places) -> None:
    def restarts(profile: str) -> list[bool]:
        settings = read_settings(profile=profile, port_offset=0)
        stack = Stack(profile, places=places, settings=settings, step=silent)
        programs = [server.program() for server in stack.postgresql()]
        texts = [render_program(p, checkout=places.root, log_file=places.root) for p in programs]
        return ["autorestart=true" in text for text in texts]

    assert restarts("local") == [True]
    assert restarts("failover") == [False, False]


@pytest.mark.parametrize("brokers", ["2", "x", "03"])
def test_a_campaign_with_another_number_of_brokers_is_refused(
    brokers: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["faults", "--brokers", brokers]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == f"stack: brokers={brokers}: the campaign knows 1 or 3\n"


def made_by_three(data_dir: Path) -> None:
    (data_dir / "kafka.brokers").write_text("3")


def made_by_older_code(data_dir: Path) -> None:
    (data_dir / "kafka").mkdir()
    (data_dir / "kafka" / "meta.properties").touch()


@pytest.mark.parametrize(
    ("make", "profile", "message"),
    [
        (made_by_three, "test", "made with brokers = 3, and stack/settings.py says 1"),
        (
            made_by_older_code,
            "failover",
            "made with brokers = 1, and stack/settings.py says 3",
        ),
    ],
)
def test_data_of_another_number_of_brokers_is_refused(
    make: Callable[[Path], None], profile: str, message: str, places: Places
) -> None:
    make(places.data_dir)
    before = sorted(places.root.rglob("*"))
    settings = read_settings(profile=profile, port_offset=0)
    with pytest.raises(UsageFault, match=message):
        Stack(profile, places=places, settings=settings, step=silent).servers_up()
    assert sorted(places.root.rglob("*")) == before
