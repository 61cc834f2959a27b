"""The rules of the auction, by example and by property."""
