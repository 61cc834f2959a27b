"""The fault campaign's own arithmetic."""
