"""Tests of the auction house."""
