"""The HTTP API: one declarative route per call of wire.md."""
