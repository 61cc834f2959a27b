"""How the two parts of docs/faults.md begin."""

CAMPAIGN_PAGE = """\
# The fault campaign

`make faults` writes this: what was broken under load, what became of the bids."""

FAILOVER_PAGE = """\
# Failover

`make faults brokers=3` writes this: three brokers (replication 3, min in-sync 2, acks all, no
unclean election), PostgreSQL with a synchronous standby, every server at an address of its own.
Work must resume while the fault lasts: recovery counts from its first moment until a fresh bid on
each of 14 lots, which are on many partitions, has its outcome and is shown to whoever watches the
lot, and a message is shown in its room and stored; and again from the moment when all is mended.

- `kafka-leader-kill`, `-stop`: the broker that leads most partitions of bids is killed and stays
  away, or is frozen and wakes again. `/readyz` must say 200 meanwhile, and which broker is away.
- `kafka-leader-cut-from-brokers`: the leader reaches no other broker, nor any of them it; clients
  still reach it. `kafka-leader-cut-off`: they do not, either. A leader that only its clients cannot
  reach stays the leader, because Kafka does not see it: nobody can bid on its partitions until the
  link is mended.
- `kafka-new-leader-hour-behind`: the leader is killed, and one whose clock is an hour behind leads.
  Bids are decided; an auction that should end in that hour ends once the clock is right.
- `postgresql-primary-kill`: the primary is killed, fenced (it starts as a standby only) and the
  standby is promoted. Later it is started as it died and must refuse a write (SQLSTATE 25006), and
  is made a standby anew. `postgresql-primary-unreachable`: who connects to it is not refused but
  hangs, as with a machine that is gone.

In production Patroni or a managed service does the fencing and the promoting: the campaign's own
`pg_ctl promote` is no product. Clients find the primary by themselves, because `DATABASE_URL` names
both servers: `postgresql://…/auction?host=a,b&port=5432,5432&target_session_attrs=read-write`."""
