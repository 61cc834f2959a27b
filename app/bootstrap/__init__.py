"""The composition root: the one place where adapters are picked and services get their ports.

A module for each kind of process, which imports what such a process runs and nothing else.
"""
