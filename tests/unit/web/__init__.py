"""The gateway's HTTP side, without servers."""
