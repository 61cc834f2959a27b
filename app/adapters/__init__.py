"""One technology a folder; adapters know services' ports and never each other."""
