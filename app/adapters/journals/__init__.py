"""Journals of clients."""
