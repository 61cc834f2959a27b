#!/bin/sh
# Run once by the image postgres, in new data: the application's role, no superuser, and its
# database. pg_read_all_stats lets it see old transactions of other roles (docs/operations.md).
set -eu
psql --set ON_ERROR_STOP=1 --set password="$(cat /run/secrets/auction_password)" \
  --username "$POSTGRES_USER" --dbname postgres <<'END'
CREATE ROLE auction LOGIN PASSWORD :'password' IN ROLE pg_read_all_stats;
CREATE DATABASE auction OWNER auction;
END
