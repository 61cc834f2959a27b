"""A database that is older than the log, and what opens the house again."""
