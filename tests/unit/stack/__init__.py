"""The stack's pure parts."""
