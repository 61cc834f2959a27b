"""`python -m bridge audit`."""
