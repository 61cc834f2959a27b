"""The whole application over real HTTP and real sockets, by clients that share no code with it."""
