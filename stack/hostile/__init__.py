"""What clients may do to a house and to others, driven all at once beside honest bidders."""
