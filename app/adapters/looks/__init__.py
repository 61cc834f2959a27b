"""What texts look like."""
