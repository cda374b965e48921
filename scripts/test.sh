#!/usr/bin/env bash
# Every test, cheap before dear, stopping at the first failure.
# Usage: test.sh [lint|supply|unit|masking|deploy|conversations|nlu|faults|browser …]; no name: all.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
steps=("$@")
[ ${#steps[@]} -gt 0 ] || steps=(lint supply unit masking files deploy train conversations nlu faults browser)

step() { printf '\n── %s\n' "$1"; }

for name in "${steps[@]}"; do
  case $name in
    lint)
      step "style, types, YAML"
      "$bin"/ruff check . && "$bin"/ruff format --check . && "$bin"/mypy && "$bin"/yamllint -s . ;;
    supply)
      step "what it is made of"
      "$bin"/python -m scripts.advisories && "$bin"/pytest -q tests/supply ;;
    unit) step "unit tests"; "$bin"/pytest -q ;;
    files)
      step "Rasa's own check of the files"
      # Without --fail-on-warnings: what only a pressed choice says has no example to
      # learn from, and Rasa warns of each. tests/unit checks those itself.
      checked=$(mktemp)
      "$bin"/rasa data validate --data data --domain domain.yml >"$checked" 2>&1 ||
        { cat "$checked"; echo "rasa data validate failed"; exit 1; }
      rm "$checked"; echo "valid" ;;
    deploy)
      step "the files of deploy/, and a fleet of two behind the proxy"
      bash scripts/tools.sh && "$bin"/pytest -q tests/deploy ;;
    faults)
      step "tests/faults, two halves side by side"
      # Both wait a lot: for deadlines, and for processes to start.
      other=$(mktemp) failed=0
      "$bin"/pytest -q tests/faults -m "not first_half" >"$other" 2>&1 & pid=$!
      "$bin"/pytest -q tests/faults -m first_half || failed=1
      wait "$pid" || failed=1
      cat "$other"; rm "$other"; [ "$failed" = 0 ] ;;
    train) step "a model for this code and data"; "$bin"/bot train ;;
    *) [ -d "tests/$name" ] || continue; step "tests/$name"; "$bin"/pytest -q "tests/$name" ;;
  esac
done
printf '\nEvery test passed.\n'
