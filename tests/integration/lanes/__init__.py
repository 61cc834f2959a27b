"""Lanes on real servers: ingest and workers as processes, killed and restarted."""
