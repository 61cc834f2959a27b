"""The report of the hostile run."""
