"""The audit: compares what is stored, published and received by clients with what Kafka holds
(system.md, Invariants).

This package holds the audit's ports and its checks of auctions and chat; the platform's own checks
are in `bridge/audit`.
"""
