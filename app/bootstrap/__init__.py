"""The composition root: the one place where adapters are chosen and services get their ports.

There is a module for each kind of process, which imports only what such a process runs.
"""
