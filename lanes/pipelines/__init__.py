"""The processes between Kafka and PostgreSQL."""
