"""Use-cases on ports that a test holds."""
