"""The demonstration: a few auctions and people on a fresh stack, and bidders who play on them."""

# Who may sign in to look around, by role.
LOG_INS = {"seller": "seller@example.com", "bidder": "bidder@example.com"}
PASSWORD = "demo-password"
