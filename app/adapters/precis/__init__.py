"""International text by PRECIS (RFC 8264)."""
