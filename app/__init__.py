"""The auction house: rules, wire formats, use-cases, adapters and the web edge."""
