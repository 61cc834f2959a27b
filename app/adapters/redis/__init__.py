"""Redis: wake flags, fan-out, sessions, presence: only what may vanish."""
