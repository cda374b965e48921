"""The bot to compare with: what `rasa init` makes, trained as it is, kept for next time.

It is made in this very environment, with its default pipeline and policies, so that
what differs is the assistant and not the packages. Only what `rasa run` needs to listen
to REST is put beside it, in a file of its own.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.services import ROOT, BenchError, Say, environment, last_line

CACHE = ROOT / ".bench"
MADE = "made.json"
LOCK = ROOT / "requirements.txt"
TRAINING_S = 900.0
CHANNELS = "rest:\n"


@dataclass(frozen=True)
class Stock:
    """The starter bot's project.

    Attributes:
        folder: where it is.
        trained_s: how long its training took, when it was trained.
    """

    folder: Path
    trained_s: float


def made(say: Say, cache: Path = CACHE, *, anew: bool = False) -> Stock:
    """Return the starter bot, made and trained if the environment has changed since.

    Args:
        say: told what takes long.
        cache: the folder it is kept in.
        anew: make it in any case.

    Raises:
        BenchError: Rasa could not make it or train it.
    """
    folder = cache / "stock"
    environs = _environment_made_of()
    kept = _kept(folder)
    if not anew and kept is not None and kept["environment"] == environs:
        return Stock(folder, float(kept["trained_s"]))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    say("Making Rasa's starter bot.")
    _rasa(["init", "--no-prompt", "--init-dir", str(folder)], cache)
    shutil.rmtree(folder / "models", ignore_errors=True)
    shutil.rmtree(folder / ".rasa", ignore_errors=True)
    say("Training it; that takes a minute or two.")
    begun = time.monotonic()
    _rasa(["train"], folder)
    trained_s = time.monotonic() - begun
    if not list((folder / "models").glob("*.tar.gz")):
        raise BenchError("the starter bot was trained, and there is no model")
    (folder / "rest.yml").write_text(CHANNELS, "utf-8")
    told = {"environment": environs, "trained_s": trained_s}
    (folder / MADE).write_text(json.dumps(told), "utf-8")
    return Stock(folder, trained_s)


def _environment_made_of() -> str:
    """Return a name for the packages: the lock they were installed from, and Python."""
    digest = hashlib.sha256(LOCK.read_bytes())
    digest.update(sys.version.encode())
    return digest.hexdigest()[:20]


def _kept(folder: Path) -> dict[str, str] | None:
    try:
        told = json.loads((folder / MADE).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    complete = isinstance(told, dict) and {"environment", "trained_s"} <= set(told)
    there = list((folder / "models").glob("*.tar.gz"))
    return told if complete and there else None


def _rasa(arguments: list[str], folder: Path) -> None:
    """Run one command of Rasa's.

    Raises:
        BenchError: it failed, or took too long.
    """
    command = [sys.executable, "-m", "rasa", *arguments]
    name = f"rasa {arguments[0]}"
    try:
        done = subprocess.run(  # noqa: S603 - Rasa's own commands
            command,
            cwd=folder,
            env=environment({}),
            capture_output=True,
            timeout=TRAINING_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BenchError(f"{name} took more than {TRAINING_S:.0f} s") from None
    if done.returncode != 0:
        raise BenchError(f"{name} failed: {last_line(done.stderr + done.stdout)}")
