#!/usr/bin/env bash
# Finds a fitting Python, makes .venv and installs the hashed list into it.
# Usage: setup.sh LOCK_FILE MARKER
set -euo pipefail
cd "$(dirname "$0")/.."
lock=$1 marker=$2

say() { printf '%s\n' "$*"; }

fits() { # Rasa 3.6 runs on 3.10 and 3.11; venv must be there too (Debian splits it off).
  "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] not in ((3, 10), (3, 11)))' 2>/dev/null
}

find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3.11 python3.10 python3 python \
    "$HOME"/.pyenv/versions/3.11.*/bin/python "$HOME"/.pyenv/versions/3.10.*/bin/python \
    /opt/python*/bin/python3.11 /usr/local/bin/python3.11; do
    [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 || continue
    if fits "$candidate"; then command -v "$candidate"; return; fi
  done
  if command -v uv >/dev/null 2>&1; then
    candidate=$(uv python find '>=3.10,<3.12' 2>/dev/null || true)
    if [ -n "$candidate" ] && fits "$candidate"; then printf '%s\n' "$candidate"; return; fi
  fi
  return 1
}

if [ ! -x .venv/bin/python ] || ! fits .venv/bin/python; then
  if ! python=$(find_python); then
    say "First Contact needs Python 3.11 (or 3.10) with its venv module, and found none."
    say "Install it, for example: apt-get install python3.11 python3.11-venv"
    say "or: pyenv install 3.11, or: uv python install 3.11"
    say "or name one yourself: PYTHON=/path/to/python3.11 make run"
    exit 1
  fi
  say "Making .venv with $("$python" --version) …"
  rm -rf .venv
  "$python" -m venv .venv
fi

count=$(grep -cE '^[a-z0-9]' "$lock")
say "Installing $count pinned packages from $lock (about 600 MB to fetch the first time) …"
( while sleep 20; do say "… still installing, $((SECONDS / 60)) min $((SECONDS % 60)) s so far"; done ) &
ticking=$!
trap 'kill $ticking 2>/dev/null || true' EXIT
# --no-deps: the list is complete, and Rasa's own caps are lifted on purpose (docs/adr).
if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
  --require-hashes --ignore-requires-python -r "$lock"; then
  say "The packages could not be installed; the lines above say which and what went wrong."
  say "A package index must be reachable once. Run the same command again to go on."
  exit 1
fi
# Put the project on the path by hand: building it would need a packaging library newer
# than Rasa's.
.venv/bin/python - <<'PYTHON'
import pathlib, site, sys
root = pathlib.Path.cwd()
pathlib.Path(site.getsitepackages()[0], "first_contact.pth").write_text(f"{root}\n")
command = pathlib.Path(".venv/bin/bot")
command.write_text(f"#!{sys.executable}\nimport sys\nfrom bot.cli import main\nsys.exit(main())\n")
command.chmod(0o755)
PYTHON
touch "$marker"
say "The environment is ready."
