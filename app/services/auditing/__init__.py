"""The audit: compares what is stored, published and received by clients with what Kafka holds.

This package holds the checks of auctions, chat and journals; the platform's own are in
`lanes/audit`.
"""
