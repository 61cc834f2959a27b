"""Grafana's boards and Prometheus' alerts, as code: `python -m stack.boards` writes grafana/."""
