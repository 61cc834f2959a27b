"""What the hostile run tells."""
