"""Asks a Prometheus by its HTTP API."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stack.faults import StackFault

ANSWER_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an answer: (seconds since 1970, value) of each point, NaN included."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]

    @property
    def value(self) -> float:
        """The last value."""
        return self.points[-1][1]


class PrometheusClient:
    """Methods raise StackFault when Prometheus is not there, or refuses an expression."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def instant(self, expression: str, *, at_s: float | None = None) -> list[Series]:
        """What an expression gives now, or gave at a time."""
        at = {} if at_s is None else {"time": str(at_s)}
        data = self._get("query", query=expression, **at)
        return [Series(one["metric"], (_point(one["value"]),)) for one in data["result"]]

    def over(self, expression: str, *, from_s: float, to_s: float, step_s: float) -> list[Series]:
        """What it gave from one time to another, every `step_s`."""
        window = {"start": str(from_s), "end": str(to_s), "step": str(step_s)}
        data = self._get("query_range", query=expression, **window)
        return [
            Series(one["metric"], tuple(_point(point) for point in one["values"]))
            for one in data["result"]
        ]

    def _get(self, what: str, **parameters: str) -> dict[str, Any]:
        url = f"{self._url}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=ANSWER_TIMEOUT_S) as answer:  # noqa: S310 - ours
                data: dict[str, Any] = json.load(answer)["data"]
                return data
        except urllib.error.HTTPError as error:
            raise StackFault(f"Prometheus refuses {parameters}: {error.read().decode()}") from error
        except OSError as error:
            raise StackFault(f"no Prometheus answers at {self._url} ({error})") from error


def _point(pair: tuple[float, str]) -> tuple[float, float]:
    at_s, value = pair
    return float(at_s), float(value)
