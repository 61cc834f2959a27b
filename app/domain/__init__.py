"""The rules of auctions: pure, standard library only, no clock, no randomness, no I/O."""
