"""One set of tests for the ports of the platform, in memory and in PostgreSQL."""
