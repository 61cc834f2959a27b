"""`make scale pool=bids n=4`: how many processes a pool has, on the running stack.

The sizes are remembered until `make clean`: what was scaled comes up so again.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from stack.application import pool_of
from stack.arguments import Parser
from stack.faults import UsageFault
from stack.lifecycle import alone
from stack.progress import shown
from stack.runtime import Stack
from stack.settings import Pool, with_sizes

# Connections of PostgreSQL that no pool has: FerretDB's, and those of operators' commands.
OTHER_CONNECTIONS = 20


def scale(stack: Stack, arguments: Sequence[str]) -> None:
    """Run so many processes of one pool; UsageFault, and nothing changed, for what cannot be."""
    pool, size = _parse(stack, arguments)
    with alone(stack):
        if not any(pool_of(process.name) for process in stack.control.processes()):
            raise UsageFault(f"the {stack.profile} stack is down: `make up` starts it")
        pools = stack.settings.pools
        wanted = with_sizes(pools, {pool: size})
        check_connections(wanted, pool, most=stack.settings.sizes.postgresql_connections_max)
        check_memory(pools[pool], pool, size=size, free_mb=_available_mb())
        _remember(stack.places.pools_file, wanted)
        Stack.of(stack.profile, step=shown).fit_pools()
    print(f"Pool {pool} has {size} process{'es' if size > 1 else ''}; before: {pools[pool].size}.")


def _parse(stack: Stack, arguments: Sequence[str]) -> tuple[str, int]:
    parser = Parser(prog="make scale", add_help=False, allow_abbrev=False)
    parser.add_argument("--pool", default="")
    parser.add_argument("-n", default="")
    options = parser.parse_args(arguments)
    names = ", ".join(stack.settings.pools)
    if options.pool not in stack.settings.pools:
        raise UsageFault(f"no pool {options.pool or 'named'}: pool= takes one of {names}")
    if not options.n:
        raise UsageFault("no n named: n= takes a number of processes, 1 or more")
    if not options.n.isdecimal() or int(options.n) < 1:
        raise UsageFault(f"n={options.n} is not a number of processes: 1 or more")
    return options.pool, int(options.n)


def check_connections(wanted: Mapping[str, Pool], pool: str, *, most: int) -> None:
    """Raise UsageFault when PostgreSQL, which has `most`, has too few for the pools `wanted`."""
    others = sum(own.size * own.connections for name, own in wanted.items() if name != pool)
    size_max = (most - OTHER_CONNECTIONS - others) // wanted[pool].connections
    if wanted[pool].size > size_max:
        raise UsageFault(
            f"n={wanted[pool].size} is above this machine: PostgreSQL has connections "
            f"for {size_max} processes of pool {pool}"
        )


def check_memory(now: Pool, pool: str, *, size: int, free_mb: int) -> None:
    """Raise UsageFault when the free memory is not enough to grow from `now` to `size`."""
    size_max = now.size + free_mb // now.memory_mb
    if size > max(size_max, now.size):
        raise UsageFault(
            f"n={size} is above this machine: its memory is enough for {size_max} processes "
            f"of pool {pool}"
        )


def _available_mb() -> int:
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    (available,) = [line for line in lines if line.startswith("MemAvailable:")]
    return int(available.split()[1]) // 1024  # it is in kB


def _remember(file: Path, wanted: Mapping[str, Pool]) -> None:
    sizes = {name: pool.size for name, pool in wanted.items()}
    file.write_text(json.dumps(sizes), encoding="utf-8")
