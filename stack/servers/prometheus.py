"""Debian's Prometheus, as `make up with=prometheus` adds it.

It scrapes all processes of the profile, and judges the alerts of grafana/prometheus/alerts.yml.
"""

import urllib.request
from pathlib import Path

from stack.places import CHECKOUT
from stack.ports import CONNECT_TIMEOUT_S, HOST
from stack.programs import Program
from stack.servers import Server, on_path

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


class Prometheus(Server):
    """The server on the port `prometheus` of the settings; it scrapes every `scrape_s` seconds."""

    kind = "prometheus"
    scrape_s = 2

    def prepare(self) -> None:
        """Make its data directory and write its configuration."""
        self.data.mkdir(parents=True, exist_ok=True)
        ports = self.settings.ports
        text = CONFIGURATION.format(
            alerts=ALERTS,
            scrape=self.scrape_s,
            host=HOST,
            metrics=ports.metrics,
            flower=ports.flower,
            own=self.port,
        )
        self.configuration_file.write_text(text, encoding="utf-8")

    def program(self) -> Program:
        """Return how the supervisor runs it."""
        command = (
            on_path("prometheus", package="prometheus"),
            f"--config.file={self.configuration_file}",
            f"--storage.tsdb.path={self.data}",
            "--storage.tsdb.retention.time=15d",
            f"--web.listen-address={HOST}:{self.port}",
        )
        return Program(self.name, command, priority=60)

    def is_ready(self) -> bool:
        """Return whether it answers queries now."""
        url = f"http://{HOST}:{self.port}/-/ready"
        try:
            with urllib.request.urlopen(url, timeout=CONNECT_TIMEOUT_S) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    @property
    def configuration_file(self) -> Path:
        """The file that `promtool check config` takes."""
        return self.places.run_dir / "prometheus.yml"
