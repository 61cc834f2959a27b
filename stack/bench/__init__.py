"""The benchmark: what a stack of its own carries, and what it costs each process.

`python -m stack.bench` starts the profile `bench`, drives it with k6/storm, step by step and
scenario by scenario, and writes var/bench/TIME.json and the same as Markdown tables
(docs/performance.md). It needs the virtual environment.
"""
