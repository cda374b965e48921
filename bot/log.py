"""What may be logged. There is no parameter for what a person said.

Our own events are a fixed name and a few codes and numbers. Everything the framework
and its libraries log, at every level, and every warning, keeps its place and loses its
words: the record is emptied when it is made, so that no handler, ours or theirs, ever
holds a message, a traceback's values or an address.

A log that cannot be written is no reason to fail a turn or to keep one waiting: the
service hands its lines to a thread, and what that cannot get rid of is lost.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import os
import queue
import re
import secrets
import sys
import threading
import time
import warnings
from collections.abc import MutableMapping
from datetime import datetime, timezone
from types import TracebackType
from typing import Any

import structlog

VERSION = "0.1.0"
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
# A code is a name we gave something; a person's sentence does not fit.
CODE = re.compile(r"[A-Za-z0-9_.:/-]{1,64}")
DAY_S = 24 * 3600
LINES_WAITING = 10_000
LAST_LINES_S = 1.0
# A library may give its records attributes of any other name, with words in them.
_FIELDS = "first_contact_fields"
_OURS = "bot.events"
_log = logging.getLogger(_OURS)


def event(
    name: str,
    *,
    level: str = "info",
    code: str | None = None,
    action: str | None = None,
    error: str | None = None,
    turn: str | None = None,
    count: int | None = None,
    duration_ms: int | None = None,
    version: str | None = None,
) -> None:
    """Log one event by its name, with codes and numbers alone.

    Args:
        name: `area.thing.past_tense`.
        level: "debug", "info", "warning" or "error".
        code: which of a fixed set of outcomes.
        action: an action's name.
        error: an exception's class name.
        turn: a correlation id of `correlation_id`.
        count: how many.
        duration_ms: how long it took.
        version: of a model or of this program.
    """
    codes = {"code": code, "action": action, "error": error, "turn": turn}
    numbers = {"count": count, "duration_ms": duration_ms}
    fields: dict[str, Any] = {
        key: value if CODE.fullmatch(value) else "unprintable"
        for key, value in {**codes, "version": version}.items()
        if value
    }
    fields |= {key: int(value) for key, value in numbers.items() if value is not None}
    _log.log(LEVELS[level], name, extra={_FIELDS: fields})


class _Correlation:
    """Random ids that tie the events of one turn together, and to nothing else."""

    def __init__(self) -> None:
        self._renew()

    def next(self) -> str:
        if time.monotonic() - self._since > DAY_S:
            self._renew()
        self._count += 1
        return f"{self._salt}-{self._count}"

    def _renew(self) -> None:
        self._salt, self._since, self._count = secrets.token_hex(3), time.monotonic(), 0


_correlation = _Correlation()


def correlation_id() -> str:
    """Return an id for one turn's events; its random part changes every day."""
    return _correlation.next()


class _EmptyRecord(logging.LogRecord):
    """A log record that says where it was written and nothing that was written."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.name == _OURS:
            return
        kind = self.exc_info[0] if self.exc_info else None
        fields: dict[str, Any] = {"logger": self.name, "line": self.lineno}
        if kind is not None:
            fields["error"] = kind.__name__
        setattr(self, _FIELDS, fields)
        self.msg, self.args = "framework.message.withheld", ()
        self.exc_info = self.exc_text = self.stack_info = None


class _JsonLines(logging.Formatter):
    """One JSON object a line, of allowed fields."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, timezone.utc)
        line = {
            "time": when.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": str(record.msg),
            **getattr(record, _FIELDS, {}),
        }
        return json.dumps(line)


class _Quiet(logging.Filter):
    """Lets our events through, and of the others those an operator must look at."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "py.warnings":  # about code, for those who run at debug
            return False
        return record.name == _OURS or record.levelno >= logging.WARNING


class _Aside:
    """Standard error, written to by a thread of its own: nobody waits for a reader."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[str | threading.Event] = queue.Queue(LINES_WAITING)
        threading.Thread(target=self._work, name="log", daemon=True).start()
        atexit.register(self.finish)

    def write(self, text: str) -> None:
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(text)

    def flush(self) -> None:
        """Do nothing; every line is written whole."""

    def finish(self) -> None:
        """Give what is waiting a moment to be written."""
        written = threading.Event()
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(written)
            written.wait(LAST_LINES_S)

    def _work(self) -> None:
        while True:
            item = self._waiting.get()
            if isinstance(item, threading.Event):
                item.set()
                continue
            with contextlib.suppress(OSError):
                os.write(2, item.encode())


_aside: _Aside | None = None


def write_aside() -> None:
    """Let a thread write the log of this process from now on."""
    global _aside
    _aside = _aside or _Aside()


def finish() -> None:
    """Write what still waits to be written, if that is possible at all."""
    if _aside is not None:
        _aside.finish()


def configure(level: str = "info", *, for_good: bool = False) -> None:
    """Put every logger, warning and uncaught error of this process under our rules.

    Call it first, and again when a library that sets up logging has been loaded.

    Args:
        level: the least urgent events that are logged.
        for_good: loggers need not ask again what the rules are, which Rasa's do
            hundreds of times a turn.
    """
    logging.setLogRecordFactory(_EmptyRecord)
    logging.raiseExceptions = False  # a broken log target is no reason to fail a turn
    handler = logging.StreamHandler(_aside or sys.stderr)
    handler.setFormatter(_JsonLines())
    if level != "debug":
        handler.addFilter(_Quiet())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(LEVELS[level])
    for name in list(logging.Logger.manager.loggerDict):
        # Handlers that libraries gave themselves would say everything twice.
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.captureWarnings(True)
    warnings.simplefilter("default" if level == "debug" else "ignore")
    structlog.configure(
        processors=[_without_words],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=for_good,
    )
    sys.excepthook = lambda kind, error, trace: _uncaught(kind, trace)
    sys.unraisablehook = lambda args: _uncaught(args.exc_type, args.exc_traceback)
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_traceback)


def _without_words(
    logger: Any, method: str, fields: MutableMapping[str, Any]
) -> tuple[tuple[str], dict[str, Any]]:
    """Reduce a framework's structured event to nothing but its having happened."""
    return ("framework.message.withheld",), {}


def cause_of(error: BaseException) -> BaseException:
    """Return the error that began it, when others were raised from it."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def place_of(trace: TracebackType | None) -> str:
    """Return the module and line where an error was raised, and nothing of it."""
    line, module = 0, "unknown"
    while trace is not None:
        line, module = trace.tb_lineno, trace.tb_frame.f_globals.get("__name__", module)
        trace = trace.tb_next
    return f"{module}:{line}"


def _uncaught(kind: type[BaseException], trace: TracebackType | None) -> None:
    """Say that the process failed, and where; never with what."""
    place = place_of(trace)
    event("process.failed", level="error", error=kind.__name__, code=place)
