"""The fault campaign: processes die, links stall, clocks are wrong; no bid is lost.

`python -m stack.campaign` starts the profile `faults`, keeps a seeded load on twenty auctions,
injects one fault after the other and then several at once, and after each one counts what clients
were told against the log and the stores. It needs the virtual environment of `make test`.
"""
