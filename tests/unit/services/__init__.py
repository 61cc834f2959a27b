"""Use-cases and their parts, on fakes."""
