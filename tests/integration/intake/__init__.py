"""Taking records in, on a topic of each test's own: who may, of which log, and what is refused."""
