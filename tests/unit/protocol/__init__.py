"""Validation of clients' input and of settings."""
