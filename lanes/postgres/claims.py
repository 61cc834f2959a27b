"""Claims of lanes that have waited for long: one whose worker died is found again."""

from collections.abc import Mapping

from sqlalchemy import Connection

from lanes.ports import FoundClaim
from lanes.postgres.prepared import Prepared, array
from lanes.postgres.statements import execute

# A claim need not survive the server: one of an earlier start counts as released. So the commit
# that writes it waits for no disk.
_UNSYNCED = "set_config('synchronous_commit', 'off', true)"

_WRITE = Prepared(
    "claims_write",
    ("text", "text[]", "bigint[]", "bigint[]"),
    f"""
INSERT INTO lanes.claims
  (topic, key, "offset", until_offset, is_isolated, crashes, server_started_at)
SELECT $1, key, first, last, first = last, 0, pg_postmaster_start_time()
FROM unnest($2, $3, $4) AS lane (key, first, last)
ON CONFLICT DO NOTHING RETURNING key, {_UNSYNCED}""",  # noqa: S608 - our constants
)

_IS_HELD = "(claim.server_started_at IS NOT DISTINCT FROM pg_postmaster_start_time())"
_IS_SAME = '(claim."offset" = EXCLUDED."offset")'
# One of the records of which a worker died is still to be settled.
_IS_SUSPECT = f"""
((claim.is_isolated OR {_IS_SAME} AND {_IS_HELD})
  AND EXCLUDED."offset" BETWEEN claim."offset" AND claim.until_offset)"""
_WRITE_AGAIN = Prepared(
    "claims_write_again",
    ("text", "text", "bigint", "bigint"),
    f"""
INSERT INTO lanes.claims AS claim
  (topic, key, "offset", until_offset, is_isolated, crashes, server_started_at)
VALUES ($1, $2, $3, $4, $3 = $4, 0, pg_postmaster_start_time())
ON CONFLICT (topic, key) DO UPDATE SET
  "offset" = EXCLUDED."offset",
  until_offset = CASE WHEN {_IS_SUSPECT} THEN claim.until_offset ELSE EXCLUDED.until_offset END,
  is_isolated = {_IS_SUSPECT} OR EXCLUDED.is_isolated,
  crashes = CASE WHEN {_IS_SAME} AND claim.is_isolated THEN claim.crashes + {_IS_HELD}::int
    ELSE 0 END,
  server_started_at = EXCLUDED.server_started_at
RETURNING crashes, is_isolated, {_UNSYNCED}""",  # noqa: S608 - our constants
)

_CLEAR = Prepared(
    "claims_clear",
    ("text", "text[]", "bigint[]"),
    """
DELETE FROM lanes.claims AS claim USING unnest($2, $3) AS lane (key, last)
WHERE claim.topic = $1 AND claim.key = lane.key AND claim.until_offset <= lane.last
RETURNING claim.key""",
)

_RELEASE = """
WITH failed AS (
  SELECT * FROM unnest(%s, %s, %s::bigint[]) AS lane (topic, key, "offset")
), removed AS (
  DELETE FROM lanes.claims AS claim USING failed
  WHERE (claim.topic, claim.key, claim."offset") = (failed.topic, failed.key, failed."offset")
    AND NOT claim.is_isolated
)
UPDATE lanes.claims AS claim SET server_started_at = NULL FROM failed
WHERE (claim.topic, claim.key, claim."offset") = (failed.topic, failed.key, failed."offset")
  AND claim.is_isolated"""


class PostgresClaims:
    """The port Claims."""

    def write(
        self, transaction: Connection, *, topic: str, ranges: Mapping[str, tuple[int, int]]
    ) -> set[str]:
        """Write the claims of lanes that have none, and return their keys."""
        firsts, lasts = zip(*ranges.values(), strict=True)
        rows = _WRITE.execute(transaction, topic, list(ranges), array(firsts), array(lasts))
        return {key for key, _ in rows}

    def write_again(
        self, transaction: Connection, *, topic: str, key: str, first: int, last: int
    ) -> FoundClaim:
        """Write the claim of a lane that may have one, and return what that one says."""
        ((crashes, is_isolated, _),) = _WRITE_AGAIN.execute(transaction, topic, key, first, last)
        return FoundClaim(crashes, is_isolated)

    def clear(self, transaction: Connection, *, topic: str, ends: Mapping[str, int]) -> None:
        """Remove the claims that end at these offsets or before."""
        _CLEAR.execute(transaction, topic, list(ends), array(ends.values()))

    def release(self, transaction: Connection, firsts: Mapping[tuple[str, str], int]) -> None:
        """Note that nobody died of these claims; those of isolated lanes stay."""
        topics, keys = zip(*firsts, strict=True)
        parameters = (list(topics), list(keys), array(firsts.values()))
        execute(transaction, _RELEASE, parameters)
