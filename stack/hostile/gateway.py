"""The gateway that is abused: beside that of `make up`, in front of the same house.

It has the limits that everybody has; the local stack's own gateway lets programs do more.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from stack.client import Endpoint
from stack.environment import GENEROUS
from stack.ports import HOST
from stack.programs import Program
from stack.readiness import complaint_of
from stack.runtime import GATEWAY, Stack

PREFIX = "hostile-"
NAME = PREFIX + GATEWAY


@contextmanager
def own_gateway(stack: Stack) -> Iterator[Endpoint]:
    """Start it, and end it when left. Tokens of the other gateway are good here, too."""
    endpoint = Endpoint.at(HOST, stack.settings.ports.hostile)
    with stack.control.running([program_of(stack)]):
        stack.control.wait_for(lambda: not complaint_of(endpoint.base_url), name=NAME)
        yield endpoint


def program_of(stack: Stack) -> Program:
    """Its process: the gateway of `make up` at another port, without what is given to programs."""
    (gateway,) = [program for program in stack.application(prefix=PREFIX) if program.name == NAME]
    environment = {
        name: value for name, value in gateway.environment.items() if name not in GENEROUS
    }
    address = f"{HOST}:{stack.settings.ports.hostile}"
    origins = f"{environment['ALLOWED_ORIGINS']},http://{address}"
    own = {"GATEWAY_BIND": address, "ALLOWED_ORIGINS": origins}
    return replace(gateway, environment={**environment, **own})
