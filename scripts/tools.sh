#!/usr/bin/env bash
# Makes .venv-tools, with what checks the files of deploy/. Rasa holds back the versions
# of the packages in .venv, so these have a place of their own.
set -euo pipefail
cd "$(dirname "$0")/.."
list=tests/deploy/requirements.txt
made=.venv-tools/made-from
sha256sum --status -c "$made" 2>/dev/null && exit 0
echo "Installing what checks deploy/ into .venv-tools …"
rm -rf .venv-tools
.venv/bin/python -m venv .venv-tools
.venv-tools/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$list"
sha256sum "$list" > "$made"
