"""The tasks, thin: each calls one thing of the container with ids as arguments."""
