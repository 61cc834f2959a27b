"""A machine that has other things to do: how the tests are shown to pass on a bad day."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from stack.faults import StackFault
from stack.packages import install_missing
from stack.slowness import slowness

PROGRAM = "stress-ng"
# It ends with this process however that ends, SIGKILL too; its own children end with it.
DIES_WITH_US = ("setpriv", "--pdeathsig", "TERM")


@contextmanager
def stressed(processes: int) -> Iterator[None]:
    """So many processes compute all the while, until left; stress-ng is installed if need be.

    Raises StackFault when they ended before: then nothing was shown.
    """
    if processes == 0:
        yield
        return
    install_missing("stress", program=PROGRAM)
    command = (*DIES_WITH_US, PROGRAM, "--quiet", "--cpu", str(processes))
    stress = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        print(f"  {PROGRAM} runs: work takes {slowness():.1f} times longer", flush=True)
        yield
        if stress.poll() is not None:
            raise StackFault(f"{PROGRAM} ended before the tests, with {stress.returncode}")
    finally:
        stress.terminate()
        stress.wait()
