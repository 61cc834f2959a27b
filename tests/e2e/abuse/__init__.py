"""Abuse by guests: each abuse runs while honest bidders are measured."""
