"""The platform's tables in PostgreSQL, and their statements."""
