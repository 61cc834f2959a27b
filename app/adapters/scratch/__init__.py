"""Sorting what does not fit into memory."""
