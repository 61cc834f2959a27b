"""The benchmark: a storm of bids on a stack of its own, and what it cost each process.

`python -m stack.bench` starts the profile `bench`, drives it with k6/storm, and writes
var/bench/TIME.json and the same as a Markdown table. It needs the virtual environment.
"""
