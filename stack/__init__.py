"""The stack without containers: real servers and the application under one supervisor.

Run it as `python3 -m stack VERB`, which the Makefile does. Nothing but the standard library is
imported here, because this code creates the virtual environment everything else lives in.

Tests import from here: `Stack.of("test")` starts the servers, runs application processes beside
them, ends them and tells their state.
"""

from stack.application import application_programs
from stack.control import Process
from stack.faults import StackFault
from stack.programs import Program
from stack.runtime import Stack

__all__ = ["Process", "Program", "Stack", "StackFault", "application_programs"]
