"""The stack's supervisor and servers, killed and watched."""
