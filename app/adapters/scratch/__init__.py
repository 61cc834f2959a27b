"""Sorting on disk for data that does not fit into memory."""
