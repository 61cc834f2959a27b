"""The bridge's cores, on a store in memory."""
