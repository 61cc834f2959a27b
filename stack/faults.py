"""The one error of the stack: what is wrong and what to do about it, in one line."""

import argparse
import errno
from typing import NoReturn


class StackFault(Exception):  # noqa: N818 - the word for it everywhere in the stack
    """A fault a person can act on; its text is all that is shown, so it says what to do."""


class UsageFault(StackFault):
    """A request that cannot be met as it was put; nothing was changed by it."""


class Parser(argparse.ArgumentParser):
    """Raises UsageFault where argparse prints how the command is used and exits."""

    def error(self, message: str) -> NoReturn:
        """As argparse calls it."""
        raise UsageFault(message)


def fault_of(error: OSError) -> StackFault:
    """The line to show for an error of the operating system that nothing else has explained."""
    where = f" at {error.filename}" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StackFault(f"the disk is full{where}: make room and run this again")
    if error.errno in (errno.EACCES, errno.EPERM):
        return StackFault(f"not permitted{where}: run as the user who owns this checkout")
    return StackFault(f"{error.strerror or error}{where}")
