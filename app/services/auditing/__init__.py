"""The audit: whether what is stored, published and told is what the log says (system.md,
Invariants). Here is what it asks of the stores, and all of it that knows auctions or chat; the
platform's own part is in `bridge/audit`."""
