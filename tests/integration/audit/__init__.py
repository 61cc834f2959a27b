"""The audit on a small settled database: clean at first, and failing for every tampering."""
