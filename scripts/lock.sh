#!/usr/bin/env bash
# Resolves pyproject.toml into the two hashed lists. Resolved for 3.10, which Rasa's
# metadata allows; the overrides lift what was tested above Rasa's caps.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v uv >/dev/null 2>&1 || { echo "This needs uv: pip install uv"; exit 1; }
compile() {
  uv pip compile pyproject.toml --python-version 3.10 --override requirements-overrides.txt \
    --generate-hashes --no-emit-index-url --quiet "$@"
}
compile -o requirements.txt
compile --extra dev -c requirements.txt -o requirements-dev.txt
# What checks deploy/ is apart from all that, and needs nothing lifted.
(cd tests/deploy && uv pip compile requirements.in --python-version 3.10 --generate-hashes \
  --no-emit-index-url --quiet -o requirements.txt)
