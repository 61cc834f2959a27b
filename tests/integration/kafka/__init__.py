"""What we rely on of the Kafka client, on the real broker."""
