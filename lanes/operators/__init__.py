"""The commands of operators: what is parked, dead letters and their replays, the audit.

Each module adds the arguments of a command to a parser, and does it with `OperatorServices`: those
of a `Platform`, or of an application that is composed by hand.
"""
