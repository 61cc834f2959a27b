"""Faults under load: no acknowledged bid is lost, and no bid has two outcomes."""
