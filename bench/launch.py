"""Starts our service as `bot serve` does, with what a measurement needs around it.

`--lift` takes away how much one conversation may ask for, so that its 300th message can
be measured; nothing else is changed. `--stages FILE` puts watches around the parts of a
turn and writes what they saw when the service ends.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from bot import cli

ENDLESS = 1_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve, and return the exit status."""
    parser = argparse.ArgumentParser(prog="bench.launch")
    parser.add_argument("--lift", action="store_true")
    parser.add_argument("--stages", type=Path)
    options, rest = parser.parse_known_args(arguments)
    if options.lift:
        lift()
    if options.stages is not None:
        watch(options.stages)
    return cli.main(["serve", *rest])


def lift() -> None:
    """Let one conversation, and one address, ask for as much as they like."""
    from bot import assembly, turns
    from bot.limits import Limit, Limits

    many = (Limit(ENDLESS, 1.0),)

    def lifted() -> Limits:
        return Limits(many, many, many, many)

    _put(assembly, "Limits", lifted)
    _put(turns, "MESSAGES_PER_CONVERSATION", ENDLESS)


def watch(file: Path) -> None:
    """Watch every turn, and write what was seen when the service ends."""
    from bench import stages
    from bot import serving

    seen = stages.Watch()
    for name in stages.install(seen):
        print(f"no such function: {name}", file=sys.stderr)
    serve = serving.serve

    def serve_and_write(*args: Any) -> None:
        serve(*args)
        stages.write(seen, file)

    _put(serving, "serve", serve_and_write)


def _put(module: ModuleType, name: str, value: object) -> None:
    """Put something in the place of what a module has; fail if it has no such thing."""
    getattr(module, name)
    setattr(module, name, value)


if __name__ == "__main__":
    sys.exit(main())
