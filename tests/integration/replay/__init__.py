"""Dead letters, their replay, and what is parked: by the command, by the admin API."""
