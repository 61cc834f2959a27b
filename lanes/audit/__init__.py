"""Checks that no record is lost, doubled or left waiting."""
