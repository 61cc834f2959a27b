"""Debian's Prometheus, as `make up with=prometheus` adds it.

It scrapes all processes of the profile, and judges the alerts of grafana/prometheus/alerts.yml.
"""

import shutil
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from stack.faults import StackFault
from stack.places import CHECKOUT, Places
from stack.ports import CONNECT_TIMEOUT_S, HOST
from stack.programs import Program
from stack.settings import Settings

ALERTS = CHECKOUT / "grafana" / "prometheus" / "alerts.yml"
CONFIGURATION = """\
# Written at every start by stack/servers/prometheus.py.
global:
  scrape_interval: {scrape}s
  evaluation_interval: {scrape}s
rule_files: ["{alerts}"]
scrape_configs:
  - job_name: auction
    static_configs: [{{targets: ["{host}:{metrics}"]}}]
  - job_name: celery
    static_configs: [{{targets: ["{host}:{flower}"]}}]
    # It loads the application's code, and so shows the application's metrics, at 0.
    metric_relabel_configs: [{{source_labels: [__name__], regex: "flower_.*", action: keep}}]
  - job_name: prometheus
    static_configs: [{{targets: ["{host}:{own}"]}}]
"""


@dataclass(frozen=True, slots=True)
class Prometheus:
    """The server on the port `prometheus` of stack.toml; it scrapes every `scrape_s` seconds."""

    places: Places
    settings: Settings
    name: str = "prometheus"
    scrape_s: int = 2

    def prepare(self) -> None:
        """Make its data directory and write its configuration."""
        self._data.mkdir(parents=True, exist_ok=True)
        ports = self.settings.ports
        text = CONFIGURATION.format(
            alerts=ALERTS,
            scrape=self.scrape_s,
            host=HOST,
            metrics=ports.metrics,
            flower=ports.flower,
            own=ports.prometheus,
        )
        self.configuration_file.write_text(text, encoding="utf-8")

    def program(self) -> Program:
        """How the supervisor runs it."""
        executable = shutil.which("prometheus")
        if executable is None:
            raise StackFault("prometheus is missing: apt-get install prometheus")
        command = (
            executable,
            f"--config.file={self.configuration_file}",
            f"--storage.tsdb.path={self._data}",
            "--storage.tsdb.retention.time=15d",
            f"--web.listen-address={HOST}:{self.settings.ports.prometheus}",
        )
        return Program(name=self.name, command=command, priority=60)

    def is_ready(self) -> bool:
        """Whether it answers queries now."""
        url = f"http://{HOST}:{self.settings.ports.prometheus}/-/ready"
        try:
            with urllib.request.urlopen(url, timeout=CONNECT_TIMEOUT_S) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def complete(self) -> None:
        """Nothing: it makes its own data."""

    @property
    def _data(self) -> Path:
        return self.places.data_dir / "prometheus"

    @property
    def configuration_file(self) -> Path:
        """What `promtool check config` is to be given."""
        return self.places.run_dir / "prometheus.yml"
