#!/bin/sh
# Upgrades an installation by docker compose to the image $IMAGE: missing secrets, schema and
# topics first, then one service after the other: each is drained by its stop signal, and must be
# healthy before the next.
#
#   IMAGE=ghcr.io/owner/name@sha256:… sh deploy/compose/release.sh ENV_FILE     (in the checkout)
#
# A failure ends it: the remaining services keep the old image, which works with the new schema
# (docs/bad-deploy.md).
set -eu

usage() { echo "usage: IMAGE=… release.sh ENV_FILE" >&2; exit 2; }

[ -n "${IMAGE:-}" ] && [ -f "${1:-}" ] || usage
export IMAGE

compose() { docker compose --env-file "$env_file" "$@"; }
env_file=$1

compose pull --quiet gateway
compose run --rm --no-deps secrets
compose run --rm --no-deps migrations
compose run --rm --no-deps kafka-init
for service in worker-bids worker-other bridge beat flower gateway exporter; do
  compose up --detach --no-deps --no-build --wait --wait-timeout 300 "$service"
done
# So that a restart by hand starts the same image.
if grep -q '^IMAGE=' "$env_file"; then
  sed -i "s|^IMAGE=.*|IMAGE=$IMAGE|" "$env_file"
else
  printf 'IMAGE=%s\n' "$IMAGE" >>"$env_file"
fi
echo "Released $IMAGE"
