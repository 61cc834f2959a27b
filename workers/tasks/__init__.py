"""The tasks: each calls one method of the container with ids as arguments."""
