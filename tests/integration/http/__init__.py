"""The HTTP API on real PostgreSQL and Redis."""
