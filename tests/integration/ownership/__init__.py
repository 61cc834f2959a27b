"""Who may take the records of a partition, and of which log: on a topic of each test's own."""
