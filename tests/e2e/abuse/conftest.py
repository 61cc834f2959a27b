"""The limits of production, for gateways that are abused."""

# Addresses count, loopback too: everybody comes from another one of 127.0.0.0/8.
PRODUCTION = {"TRUST_LOOPBACK": "0", "ALLOW_MISSING_ORIGIN": "0", "GATEWAY_WORKERS": "2"}
