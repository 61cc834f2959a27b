"""How the two parts of docs/faults.md begin."""

CAMPAIGN_PAGE = """\
# The fault campaign

`make faults` writes this page: the faults that were injected under load, and the bids' outcomes."""

FAILOVER_PAGE = """\
# Failover

`make faults brokers=3` writes this part: three brokers (replication 3, min in-sync 2, acks all, no
unclean election), PostgreSQL with a synchronous standby, every server at an address of its own.
Work must resume while the fault lasts: recovery is the time from the start of the fault until a
new bid on each of 14 auctions, on many partitions, has its outcome and is shown to the auction's
watchers, and a chat message is shown in its room and stored. It is measured again from the end of
the fault.

- `kafka-leader-kill`, `-stop`: the broker that leads most partitions of bids is killed and stays
  away, or is frozen and resumed. Meanwhile `/readyz` must answer 200 and name the broker.
- `kafka-leader-cut-from-brokers`: the leader and the other brokers cannot reach each other; clients
  still reach it. `kafka-leader-cut-off`: clients cannot reach it either. A leader that only clients
  cannot reach stays the leader, because Kafka does not notice: no bid on its partitions is accepted
  until the link is restored.
- `kafka-new-leader-hour-behind`: the leader is killed, and the new leader's clock is an hour
  behind. Bids are decided; an auction that should end in that hour ends when the clock is right.
- `postgresql-primary-kill`: the primary is killed, fenced (it can only start as a standby) and the
  standby is promoted. Later it is started unchanged and must refuse a write (SQLSTATE 25006), and
  is rebuilt as a standby. `postgresql-primary-unreachable`: connections to it hang instead of being
  refused, as with a machine that has lost power.

In production Patroni or a managed service fences and promotes: the campaign's own `pg_ctl promote`
is no product. Clients find the primary by themselves, because `DATABASE_URL` names
both servers: `postgresql://…/auction?host=a,b&port=5432,5432&target_session_attrs=read-write`."""
