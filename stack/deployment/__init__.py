"""The files that a house is deployed with: whether they can be loaded, and what they say."""
