"""Behaviour of the Kafka client that we rely on, with a real broker."""
