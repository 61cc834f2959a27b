"""Checks of the code's names and imports, and of the names in its pages."""
