"""The audit on a small settled house: clean as it stands, and red for everything tampered with."""
