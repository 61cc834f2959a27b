"""`python -m bridge audit`: the platform's part of the audit, for any lane topic, and the
command."""
