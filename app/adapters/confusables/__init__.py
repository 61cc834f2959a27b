"""Confusable characters of Unicode (UTS #39)."""
