"""What clients may send, and what settings may say."""
