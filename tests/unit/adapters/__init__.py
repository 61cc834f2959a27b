"""Parts of the adapters that need no server."""
