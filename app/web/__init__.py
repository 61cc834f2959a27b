"""The edge: HTTP and WebSockets over Flask."""
