"""The command line: serve, chat, classify, purge, check, and what they stand on."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bot import log
from bot.knowledge import KnowledgeError, loaded
from bot.lighter import leave_out_training
from bot.session import ServerKey, WeakKey, new_key
from bot.settings import Settings, SettingsError

# What Rasa and TensorFlow read from the environment, before they are imported.
QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TICKET_LOCK_LIFETIME": "30",
}


class Stop(Exception):
    """A command cannot go on; the message says why, in plain words."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    os.environ.update(QUIET)
    _open_standard_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8")  # whatever the locale
    for name in ("data_dir", "folder"):
        if getattr(options, name, None) is not None:
            setattr(options, name, getattr(options, name).resolve())
    root = _root()
    os.chdir(root)
    sys.path.insert(0, str(root))  # where the actions are, also for an installed script
    try:
        settings = _settings(options)
        return int(options.run(options, settings, root))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has had enough; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:
        if not _is_plain(error):
            raise
        log.finish()  # this is the last line
        print(f"First Contact cannot go on: {error}.", file=sys.stderr)  # noqa: T201
        return 1


def _is_plain(error: Exception) -> bool:
    """Whether an error's message is one of ours, made for an operator."""
    ours = {
        "ActionsMissing",
        "CannotServe",
        "GuardMissing",
        "ModelUnfit",
        "PageError",
        "UnsafeStore",
    }
    plain = (Stop, SettingsError, WeakKey, KnowledgeError, LookupError)
    mine = type(error).__module__.startswith("bot.")
    return isinstance(error, plain) or (mine and type(error).__name__ in ours)


def say(line: str) -> None:
    """Print a line at once, also into a pipe."""
    print(line, flush=True)  # noqa: T201


def _announce(line: str) -> None:
    """Print a line, if anybody still reads: a service goes on without its reader."""
    with contextlib.suppress(OSError):
        say(line)


def _open_standard_streams() -> None:
    """See that what is printed goes nowhere when whoever started us closed a stream.

    Otherwise the next file to be opened, the database perhaps, would take its place.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    nowhere = Path(os.devnull)
    sys.stdout = sys.stdout or nowhere.open("w", encoding="utf-8")
    sys.stderr = sys.stderr or nowhere.open("w", encoding="utf-8")


def _stop_early(number: int, frame: object) -> None:
    """End a start that is not over; nobody has been served yet."""
    raise SystemExit(0)


def run_serve(options: argparse.Namespace, settings: Settings, root: Path) -> int:
    """Serve until told to stop."""
    signal.signal(signal.SIGTERM, _stop_early)
    log.write_aside()
    log.configure(settings.log_level)
    loaded(settings.force)  # what is quick to find wrong is said before the long wait
    for text in settings.session_keys:
        ServerKey.from_text(text)
    leave_out_training()
    from bot.serving import serve

    serve(settings, root, _announce)
    # Every turn has ended; an action or a model that hangs has no say in the exit.
    log.finish()
    os._exit(0)


def run_chat(options: argparse.Namespace, settings: Settings, root: Path) -> int:
    """Hold one conversation in the terminal."""
    log.configure("error")
    leave_out_training()
    from bot.assembly import assemble
    from bot.model import ensure
    from bot.refusals import help_contacts
    from bot.serving import load_agent, reading
    from bot.terminal import hold

    facts = loaded(settings.force)
    say("Loading …")
    model = ensure(root, settings.models_dir, say)
    in_memory = replace(settings, database_url="sqlite://")
    with reading(model) as reader:
        agent = load_agent(model)
        log.configure("error")
        keys = [ServerKey.from_text(new_key())]
        assistant = assemble(in_memory, agent, keys, facts=facts, reader=reader)

        async def converse() -> None:
            await assistant.start()
            try:
                await hold(assistant.turns, help_contacts(facts), input, say)
            finally:
                await assistant.stop()

        asyncio.run(converse())
    return 0


def run_classify(options: argparse.Namespace, settings: Settings, root: Path) -> int:
    """Read messages from standard input."""
    log.configure("error")
    from bot.classify import classify_lines, lines_as_they_come
    from bot.model import ensure
    from bot.nlu.model import UnreadableModel
    from bot.nlu.understanding import Understanding

    model = ensure(root, settings.models_dir, _aside)
    try:
        understanding = Understanding.from_archive(model)
    except UnreadableModel as error:
        raise Stop(f"{model.name} cannot be read ({error})") from None
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as standard_input:
        batches = lines_as_they_come(standard_input.read)
        good = classify_lines(batches, understanding.classify, sys.stdout)
    return 0 if good else 1


def run_purge(options: argparse.Namespace, settings: Settings, root: Path) -> int:
    """Erase what has passed its time."""
    log.configure(settings.log_level)
    if not settings.database_url and not settings.data_dir.exists():
        say("Nothing is kept here.")
        return 0
    from bot.store import Conversations, StoreUnavailable

    conversations = Conversations(settings.database, settings.absolute_s)

    async def purge() -> tuple[int, int]:
        try:
            await conversations.open()
            return await conversations.sweep(time.time()), await conversations.count()
        except StoreUnavailable as error:
            raise Stop(f"the database does not answer ({error})") from None
        finally:
            conversations.close()

    gone, left = asyncio.run(purge())
    say(f"Erased {gone}; {left} still within their time.")
    return 0


def run_check(options: argparse.Namespace, settings: Settings, root: Path) -> int:
    """List what stops a start, and what the force must still confirm."""
    log.configure("error")
    from bot.checks import report

    return 0 if report(settings, root, say) else 1


def run_train(options: argparse.Namespace, settings: Settings, root: Path) -> int:
    """Train the model for this code and data, unless it is there."""
    from bot.model import model_path, train, verified

    path = model_path(root, settings.models_dir)
    if path.is_file() and not options.force:
        say(f"{verified(path).relative_to(root)} is there already.")
        return 0
    out = sys.stdout  # Rasa's own printing goes elsewhere meanwhile

    def tell(line: str) -> None:
        print(line, file=out, flush=True)

    path = train(root, settings.models_dir, tell)
    say(f"The model is {path.relative_to(root)}.")
    return 0


def run_model_path(options: argparse.Namespace, settings: Settings, root: Path) -> int:
    """Print where the model for this code and data is."""
    from bot.model import model_path, verified

    say(str(verified(model_path(root, settings.models_dir))))
    return 0


def run_answers(options: argparse.Namespace, settings: Settings, root: Path) -> int:
    """Write what a proxy answers when it refuses by itself, or nobody is there."""
    from bot.standin import write_answers

    try:
        count = write_answers(options.folder, loaded(settings.force))
    except OSError as error:
        raise Stop(f"{options.folder} cannot be written: {error.strerror}") from None
    say(f"Wrote {count} answers to {options.folder}.")
    return 0


def run_new_key(options: argparse.Namespace, settings: Settings, root: Path) -> int:
    """Print a new session key."""
    say(new_key())
    return 0


def _aside(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def _settings(options: argparse.Namespace) -> Settings:
    settings = Settings.from_env(os.environ)
    given = {
        name: getattr(options, name)
        for name in ("host", "port", "data_dir", "models_dir")
        if getattr(options, name, None) is not None
    }
    return replace(settings, **given)


def _root() -> Path:
    """Return the folder with the assistant's files: here, or where this code is.

    Raises:
        Stop: neither has them.
    """
    for folder in (Path.cwd(), Path(__file__).resolve().parents[1]):
        if (folder / "domain.yml").is_file() and (folder / "config.yml").is_file():
            return folder
    raise Stop("run this in the folder that holds domain.yml and config.yml")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bot",
        description="First Contact: a first-contact assistant for people who are being "
        "stalked. Settings come from the environment; .env.example names them all.",
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    serve = commands.add_parser(
        "serve",
        help="serve the assistant over HTTP",
        description="Trains if there is no model for this code and data, checks "
        "everything, then serves and prints the address.",
    )
    serve.add_argument("--host", help="where to listen (127.0.0.1)")
    serve.add_argument("--port", type=int, help="on which port (5005)")
    serve.add_argument(
        "--data-dir",
        type=Path,
        help="folder for the database and for keys made for trying things out (var)",
    )
    serve.set_defaults(run=run_serve)

    chat = commands.add_parser(
        "chat",
        help="talk to the assistant here",
        description="The same assistant in the terminal. Nothing is kept or logged.",
    )
    chat.set_defaults(run=run_chat)

    classify = commands.add_parser(
        "classify",
        help="read messages from standard input",
        description='Reads JSON Lines {"id", "text"} and writes one line for each: '
        "intent, behaviours with evidence, danger, occasions, impact, language. A bad "
        'line gives {"id", "error"}, and the exit status is 1 at the end.',
    )
    classify.set_defaults(run=run_classify)

    purge = commands.add_parser(
        "purge", help="erase the conversations that have passed their time"
    )
    purge.add_argument("--data-dir", type=Path, help="folder of the database (var)")
    purge.set_defaults(run=run_purge)

    check = commands.add_parser(
        "check",
        help="say what would stop a start, and what the force must still confirm",
    )
    check.add_argument("--data-dir", type=Path, help="folder of the database (var)")
    check.set_defaults(run=run_check)

    train = commands.add_parser("train", help="train the model, unless it is there")
    train.add_argument("--force", action="store_true", help="train it in any case")
    train.add_argument("--models-dir", type=Path, help="folder of the models (models)")
    train.set_defaults(run=run_train)

    path = commands.add_parser(
        "model-path", help="print where the model for this code and data is"
    )
    path.set_defaults(run=run_model_path)

    answers = commands.add_parser(
        "answers",
        help="write the answers of a reverse proxy",
        description="Writes the words and numbers that a reverse proxy shows when it "
        "refuses by itself or no assistant runs; deploy/nginx uses them.",
    )
    answers.add_argument("folder", type=Path, help="where to write them")
    answers.set_defaults(run=run_answers)

    key = commands.add_parser("new-key", help="print a new random session key")
    key.set_defaults(run=run_new_key)
    return parser
