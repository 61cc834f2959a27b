"""Why records of the auction house become dead letters, beside the platform's own reasons."""

from lanes import PLATFORM_REASONS

KEY_MISMATCH, BAD_IDENTITY = "KeyMismatch", "BadIdentity"
UNKNOWN_AUCTION, UNKNOWN_USER = "UnknownAuction", "UnknownUser"
REASONS = (*PLATFORM_REASONS, KEY_MISMATCH, BAD_IDENTITY, UNKNOWN_AUCTION, UNKNOWN_USER)
