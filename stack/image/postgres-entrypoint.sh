#!/bin/sh
# Does what the entrypoint of the image postgres does with new data, as far as the compose file asks.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  # shellcheck disable=SC2086
  initdb --pgdata="$PGDATA" --username=postgres --pwfile="$POSTGRES_PASSWORD_FILE" \
    $POSTGRES_INITDB_ARGS
  shift
  pg_ctl --pgdata="$PGDATA" --wait --options="$* -c listen_addresses=''" start
  export POSTGRES_USER=postgres
  for script in /docker-entrypoint-initdb.d/*.sh; do sh "$script"; done
  pg_ctl --pgdata="$PGDATA" --wait --mode=fast stop
  set -- postgres "$@"
fi
exec "$@"
