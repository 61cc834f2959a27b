"""What one guest may do to others: each abuse is driven, and honest bidders are measured."""
