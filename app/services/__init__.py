"""Use-cases, and the ports they need; no driver and no Flask in here."""
