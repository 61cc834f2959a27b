"""A machine that has other things to do: how the tests are shown to pass on a bad day."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from stack.packages import install_packages
from stack.progress import Step
from stack.settings import Settings

PROGRAM = "stress-ng"


@contextmanager
def stressed(settings: Settings, processes: int, *, step: Step) -> Iterator[None]:
    """So many processes compute all the while, until left; stress-ng is installed if need be."""
    if processes == 0:
        yield
        return
    if shutil.which(PROGRAM) is None:
        package = settings.packages["stress"]
        with step(f"apt-get install {package}"):
            install_packages([package])
    stress = subprocess.Popen(
        (PROGRAM, "--quiet", "--cpu", str(processes)), stdin=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        stress.terminate()
        stress.wait()
