"""MongoDB: chat messages, and nothing else."""
