"""Kafka ⇄ stores: takes records in order, wakes lanes, relays, broadcasts. Knows no auction."""
