"""PostgreSQL: the schema, the hot SQL, and what services store through their ports."""
