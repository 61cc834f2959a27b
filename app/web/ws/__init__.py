"""WebSockets: connection (one socket), hub (all of a process), dispatch (frames to services)."""
