"""Kafka: the producer, the consumers, and the topics themselves."""
