#!/bin/sh
# Writes src/protocol/generated.ts from app/protocol; with --check fails when that would change it.
# PYTHON: an interpreter with the requirements of app/protocol.
set -eu
cd "$(dirname "$0")"
root=../../..
python="${PYTHON:-$root/.venv/bin/python}"
case "$python" in /*) ;; *) python="$(cd "$(dirname "$python")" && pwd)/$(basename "$python")" ;; esac
drafts="$(mktemp -d)"
trap 'rm -rf "$drafts"' EXIT
(cd "$root" && "$python" -m app.protocol.export) > "$drafts/protocol.json"
npx json2ts --unreachableDefinitions --additionalProperties=false \
  --bannerComment '/** Generated from app/protocol by `npm run protocol`: change it there. */' \
  --input "$drafts/protocol.json" --output "$drafts/generated.ts"
if [ "${1:-}" != --check ]; then
  cp "$drafts/generated.ts" src/protocol/generated.ts
elif ! cmp -s "$drafts/generated.ts" src/protocol/generated.ts; then
  echo "src/protocol/generated.ts is not what app/protocol says: npm run protocol" >&2
  exit 1
fi
