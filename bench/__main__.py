"""The command line of the benchmark: `python -m bench`, or `make bench`."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import report, stock
from bench.machine import cores
from bench.parts import NAMES, QUICK, Plan, Run
from bench.services import ROOT, Bench, BenchError
from bot.model import ModelUnfit, model_path, verified

REPORTS = ROOT / "reports"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write reports/bench.json and bench.html; return the exit status."""
    options = _parser().parse_args(arguments)
    begun = time.monotonic()
    signal.signal(signal.SIGTERM, _ended)  # or what was started would go on alone

    def say(line: str) -> None:
        print(
            f"[{time.monotonic() - begun:4.0f} s] {line}", file=sys.stderr, flush=True
        )

    figures: dict[str, Any] = {
        "quick": options.quick,
        "date": dt.datetime.now(dt.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": {
            "cores": cores(),
            "python": platform.python_version(),
            "load": round(os.getloadavg()[0], 2),
        },
    }
    status = 0
    try:
        _measure(options, figures, say)
    except (BenchError, ModelUnfit) as error:
        why = str(error).rstrip(".")
        print(f"The benchmark cannot go on: {why}.", file=sys.stderr)
        status = 1
    figures["took_s"] = round(time.monotonic() - begun)
    if set(figures) & set(NAMES):
        report.write(figures, REPORTS)
        print(report.text(figures))
        say(f"written to {REPORTS.name}/bench.json and bench.html")
    return status


def _measure(options: argparse.Namespace, figures: dict[str, Any], say: Any) -> None:
    if options.train:
        _train(say)
    verified(model_path(ROOT, ROOT / "models"))
    wanted = frozenset(options.only or NAMES)
    starter = stock.made(say, anew=options.train)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bench = Bench(Path(folder), starter.folder)
        plan = QUICK if options.quick else Plan()
        Run(bench, plan, wanted, say).measure(starter, figures)


def _train(say: Any) -> None:
    """Train our model from nothing; what it took is written beside the model.

    Raises:
        BenchError: it cannot be trained.
    """
    say("Training our model from nothing; that takes some minutes.")
    (ROOT / "models" / "cache.mark").unlink(missing_ok=True)
    command = [sys.executable, "-m", "bot", "train", "--force"]
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:  # noqa: S603
        raise BenchError("our model could not be trained; the lines above say why")


def _ended(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measures the assistant beside Rasa's starter bot, on this machine.",
    )
    parser.add_argument(
        "--quick", action="store_true", help="small counts, to try the benchmark itself"
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=NAMES,
        metavar="NAME",
        help=f"one part: {', '.join(NAMES)}; may be given more than once",
    )
    parser.add_argument(
        "--train",
        action="store_true",
        help="train both from nothing, to measure that: minutes more",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
