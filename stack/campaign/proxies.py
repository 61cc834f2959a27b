"""Toxiproxy, told by its HTTP API what to do to which link."""

from dataclasses import dataclass
from typing import Any

import httpx

from stack.builds import TOXIPROXY, go_executable
from stack.ports import HOST
from stack.programs import Program
from stack.settings import Settings

NAME = "proxies"
TIMEOUT_S = 5.0
STREAMS = ("upstream", "downstream")
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
NARROW = Toxic("bandwidth", {"rate": 64})  # kB/s


def cut_after(size: int) -> Toxic:
    """Every connection ends after so many bytes, wherever that is in a frame."""
    return Toxic("limit_data", {"bytes": size})


class Proxies:
    """One proxy a link, named as in LINKS."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        url = f"http://{HOST}:{settings.ports.proxy_control}"
        self._http = httpx.Client(base_url=url, timeout=TIMEOUT_S)

    def program(self) -> Program:
        """How the supervisor runs it."""
        executable = go_executable(TOXIPROXY, self._settings.versions.toxiproxy)
        listen = f"{HOST}:{self._settings.ports.proxy_control}"
        environment = {"TOXIPROXY_LISTEN": listen}
        return Program(name=NAME, command=(str(executable),), environment=environment)

    def is_ready(self) -> bool:
        """Whether it can be told things."""
        try:
            return self._http.get("/version").is_success
        except httpx.HTTPError:
            return False

    def open_all(self) -> None:
        """Put a proxy in front of everything."""
        for link in LINKS:
            upstream = self.port("kafka_proxied" if link == "kafka" else link)
            listen = self.port(f"proxy_{link}")
            self._post(
                "/proxies",
                {"name": link, "listen": f"{HOST}:{listen}", "upstream": f"{HOST}:{upstream}"},
            )

    def poison(self, link: str, toxic: Toxic) -> None:
        """Do it to every connection of this link, those that are open too, until `cure`."""
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

    def cure(self, link: str, toxic: Toxic) -> None:
        """Let everything pass again."""
        for stream in toxic.streams:
            path = f"/proxies/{link}/toxics/{toxic.type}-{stream}"
            self._http.delete(path).raise_for_status()

    def port(self, name: str) -> int:
        """A port by its name in stack.toml."""
        return int(getattr(self._settings.ports, name))

    def _post(self, path: str, body: dict[str, Any]) -> None:
        self._http.post(path, json=body).raise_for_status()
