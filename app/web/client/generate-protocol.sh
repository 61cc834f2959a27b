#!/bin/sh
# Writes src/protocol/generated.ts from app/protocol. PYTHON: an interpreter with its requirements.
set -eu
cd "$(dirname "$0")"
root=../../..
python="${PYTHON:-$root/.venv/bin/python}"
case "$python" in /*) ;; *) python="$(cd "$(dirname "$python")" && pwd)/$(basename "$python")" ;; esac
schema="$(mktemp)"
trap 'rm -f "$schema"' EXIT
(cd "$root" && "$python" -m app.protocol.export) > "$schema"
npx json2ts --unreachableDefinitions --additionalProperties=false \
  --bannerComment '/** Generated from app/protocol by `npm run protocol`: change it there. */' \
  --input "$schema" --output src/protocol/generated.ts
