"""Starts our service as `bot serve` does, with what a measurement needs around it.

`--lift` takes away how much one conversation may ask for, so that its 300th message can
be measured; nothing else is changed. `--stages FILE` puts watches around the parts of a
turn and writes what they saw when the service ends; `--reads MODEL` is how it starts
the process that reads, which tells with each answer what its parts took.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from bot import cli
from bot.lighter import leave_out_training

ENDLESS = 1_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve, and return the exit status."""
    parser = argparse.ArgumentParser(prog="bench.launch")
    parser.add_argument("--lift", action="store_true")
    parser.add_argument("--stages", type=Path)
    parser.add_argument("--reads", type=Path)
    options, rest = parser.parse_known_args(arguments)
    if options.reads is not None:
        read(options.reads)
        return 0
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
    leave_out_training()  # as `bot serve` does, before anything of Rasa is imported
    from bench import stages
    from bot import reader_process, serving

    seen = stages.Watch()
    for name in stages.install(seen):
        print(f"no such function: {name}", file=sys.stderr)
    serve, within = serving.serve, reader_process.ProcessReader._within

    def serve_and_write(*args: Any) -> None:
        serve(*args)
        stages.write(seen, file)

    def within_and_told(*args: Any) -> Any:
        answer = within(*args)
        if "stages" in answer and seen.running:
            seen.add(answer["stages"])
        return answer

    def reader(model: Path) -> reader_process.ProcessReader:
        command = [sys.executable, "-m", "bench.launch", "--reads", str(model)]
        return reader_process.ProcessReader(model, command)

    _put(serving, "serve", serve_and_write)
    _put(serving, "ProcessReader", reader)
    _put(reader_process.ProcessReader, "_within", within_and_told)


def read(model: Path) -> None:
    """Be the process that reads, with watches around its parts."""
    from bench import stages
    from bot import reader_process

    seen = stages.Watch()
    stages.install(seen, stages.READING)
    write = reader_process._write

    def write_and_tell(stream: Any, value: Any) -> None:
        if "seen" in value:
            parts = seen.turns.pop()
            rest = parts.pop(stages.REST)
            value = {**value, "stages": {**parts, stages.READ_REST: rest}}
        write(stream, value)

    _put(reader_process, "_write", write_and_tell)
    reader_process._run(model)


def _put(module: ModuleType | type, name: str, value: object) -> None:
    """Put something in the place of what a module has; fail if it has no such thing."""
    getattr(module, name)
    setattr(module, name, value)


if __name__ == "__main__":
    sys.exit(main())
