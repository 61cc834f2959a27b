"""Faults under load: whatever dies, no acknowledged bid is lost and nobody is told two things."""
