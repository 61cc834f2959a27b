"""Toxiproxy on every link, controlled by its HTTP API."""

from dataclasses import dataclass
from itertools import permutations
from typing import Any

import httpx

from stack.builds import go_program
from stack.ports import HOST, host_of
from stack.programs import Program
from stack.servers.kafka import host_between
from stack.settings import Settings

NAME = "proxies"
TIMEOUT_S = 5.0
STREAMS = ("upstream", "downstream")
BETWEEN_BROKERS = ("kafka_brokers", "kafka_controller")  # the ports at which they meet
LINKS = ("gateway", "postgresql", "redis", "kafka", "mongodb")


@dataclass(frozen=True, slots=True)
class Toxic:
    """Something bad that is done to what passes; `type` and `attributes` are toxiproxy's."""

    type: str
    attributes: dict[str, int]
    streams: tuple[str, ...] = STREAMS


RESET = Toxic("reset_peer", {"timeout": 0})
BLACK_HOLE = Toxic("timeout", {"timeout": 0})
SLOW = Toxic("latency", {"latency": 300}, ("downstream",))
THROTTLED = Toxic("bandwidth", {"rate": 64})  # kB/s


def cut_after(size: int) -> Toxic:
    """Every connection ends after so many bytes, wherever that is in a frame."""
    return Toxic("limit_data", {"bytes": size})


class Proxies:
    """One proxy a link, named as in LINKS; of a second server `kafka-2`, as its process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        url = f"http://{HOST}:{settings.ports.proxy_control}"
        self._http = httpx.Client(base_url=url, timeout=TIMEOUT_S)

    def program(self) -> Program:
        """How the supervisor runs it."""
        executable = go_program("toxiproxy").path()
        listen = f"{HOST}:{self._settings.ports.proxy_control}"
        environment = {"TOXIPROXY_LISTEN": listen}
        return Program(name=NAME, command=(str(executable),), environment=environment)

    def is_ready(self) -> bool:
        """Whether its HTTP API answers."""
        try:
            return self._http.get("/version").is_success
        except httpx.HTTPError:
            return False

    def open_all(self) -> None:
        """Put a proxy in front of every server, and one between any two brokers, each way."""
        for link in LINKS:
            upstream, listen = ("kafka_proxied" if link == "kafka" else link, f"proxy_{link}")
            for number in range(1, self._count(link) + 1):
                host = host_of(number)
                self._open(
                    _numbered(link, number), host, self.port(listen), host, self.port(upstream)
                )
        for number, other in permutations(range(1, self._settings.brokers + 1), 2):
            for name in BETWEEN_BROKERS:
                listen = host_between(number, other)
                port = self.port(name)
                self._open(_between(number, other, name), listen, port, host_of(other), port)

    def links_of_broker(self, number: int) -> list[str]:
        """The links by which a broker is reached by the others, and reaches them."""
        return [
            _between(*pair, name)
            for pair in permutations(range(1, self._settings.brokers + 1), 2)
            for name in BETWEEN_BROKERS
            if number in pair
        ]

    def add_toxic(self, link: str, toxic: Toxic) -> None:
        """Do it to every connection of this link, those that are open too, until `remove_toxic`."""
        for stream in toxic.streams:
            self._post(
                f"/proxies/{link}/toxics",
                {
                    "name": f"{toxic.type}-{stream}",
                    "type": toxic.type,
                    "stream": stream,
                    "attributes": toxic.attributes,
                },
            )

    def remove_toxic(self, link: str, toxic: Toxic) -> None:
        """Let everything pass again."""
        for stream in toxic.streams:
            path = f"/proxies/{link}/toxics/{toxic.type}-{stream}"
            self._http.delete(path).raise_for_status()

    def remove_all_toxics(self, link: str) -> None:
        """Remove every toxic of this link."""
        for toxic in self._http.get(f"/proxies/{link}/toxics").raise_for_status().json():
            self._http.delete(f"/proxies/{link}/toxics/{toxic['name']}").raise_for_status()

    def port(self, name: str) -> int:
        """A port by its name in the settings."""
        return int(getattr(self._settings.ports, name))

    def _count(self, link: str) -> int:
        standby = 2 if self._settings.standby else 1
        return {"kafka": self._settings.brokers, "postgresql": standby}.get(link, 1)

    def _open(self, name: str, host: str, port: int, to_host: str, to_port: int) -> None:
        addresses = {"listen": f"{host}:{port}", "upstream": f"{to_host}:{to_port}"}
        self._post("/proxies", {"name": name, **addresses})

    def _post(self, path: str, body: dict[str, Any]) -> None:
        self._http.post(path, json=body).raise_for_status()


def _numbered(link: str, number: int) -> str:
    return link if number == 1 else f"{link}-{number}"


def _between(number: int, other: int, port_name: str) -> str:
    return f"{port_name}-{number}-{other}"
