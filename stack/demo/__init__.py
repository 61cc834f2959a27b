"""The demonstration: a few auctions and people on a fresh stack, and bidders who play on them."""
