"""A database that is older than Kafka, and `after-restore`."""
