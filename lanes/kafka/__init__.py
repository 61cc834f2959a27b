"""The platform's clients of Kafka."""
