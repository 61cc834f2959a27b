"""Simulates a lane topic in memory, so that a handler can be run through thousands of crashes.

Beside the platform's core, and what that imports, it needs greenlet.
"""

from lanes.testing.ports import MemoryParkedStore, MemoryPorts
from lanes.testing.simulate import SimulationFailed, simulate
from lanes.testing.simulation import Simulation
from lanes.testing.store import MemoryStore, MemoryTransaction

__all__ = [
    "MemoryParkedStore",
    "MemoryPorts",
    "MemoryStore",
    "MemoryTransaction",
    "Simulation",
    "SimulationFailed",
    "simulate",
]
