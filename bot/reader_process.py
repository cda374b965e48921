"""Reads messages in a process of its own, beside the one that talks.

Two processes read and talk at the same time, where one would do them in turn; a message
that hangs or breaks the reading takes nothing else with it. Words go through a pipe and
are kept nowhere. The process has no key, no database and no port, and ends with the one
that started it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from bot import log
from bot.reading import ReadingFailed, Seen, Unread
from bot.settings import PREFIX

START_S = 60.0
# The longest message takes a second; whoever waits is told after 15.
READ_S = 10.0
TRIES = 2
# One that ends as soon as it starts is not started again in a circle.
AGAIN_S = 1.0
_LENGTH = struct.Struct(">I")
# Two threads on matrices this small wait for one another more than they work.
_ALONE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class ProcessReader:
    """Reads in a process of its own, which is started again when it ends."""

    def __init__(
        self,
        model: Path,
        command: Sequence[str] | None = None,
        read_s: float = READ_S,
    ) -> None:
        """Start the process; it loads the model while the caller goes on.

        Args:
            model: the archive with the trained reader.
            command: what to run instead of this module's own reader.
            read_s: how long it may take over one batch before it is given up.
        """
        self._read_s = read_s
        own = [sys.executable, "-m", "bot.reader_process", str(model)]
        self._command = list(command or own)
        self._one_at_a_time = threading.Lock()
        self._ready = False
        self._stopped = threading.Event()
        self._process = self._started()
        threading.Thread(target=self._watch, name="reader", daemon=True).start()

    @property
    def is_ready(self) -> bool:
        """Whether it has loaded and is alive."""
        return self._ready and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The number of the process as it is now."""
        return self._process.pid

    async def read(self, batch: Sequence[Unread]) -> list[Seen]:
        """Read messages.

        Raises:
            ReadingFailed: the process ended, hung or could not read them.
        """
        asked = [{"text": each.text, "question": each.question} for each in batch]
        answer = await asyncio.to_thread(self._exchange, asked)
        return [Seen.from_dict(each) for each in answer]

    def stop(self) -> None:
        """End the process."""
        self._stopped.set()
        self._end()

    def _watch(self) -> None:
        """Start it again whenever it ends, so that the next message need not wait."""
        while not self._stopped.is_set():
            with self._one_at_a_time, contextlib.suppress(ReadingFailed):
                self._until_ready()
            self._process.wait()
            self._stopped.wait(AGAIN_S)

    def _exchange(self, asked: list[dict[str, Any]]) -> list[Mapping[str, Any]]:
        with self._one_at_a_time:
            for left in reversed(range(TRIES)):
                try:
                    self._until_ready()
                    answer = self._within(self._read_s, asked)
                except ReadingFailed:
                    self._ready = False
                    if self._stopped.is_set() or not left:
                        raise
                    continue
                if "error" in answer:
                    raise ReadingFailed(str(answer["error"]))
                return list(answer["seen"])
        raise ReadingFailed("stopped")

    def _until_ready(self) -> None:
        if self.is_ready:
            return
        if self._process.poll() is not None:
            if self._stopped.is_set():
                raise ReadingFailed("stopped")
            log.event("reader.ended", level="warning", count=self._process.returncode)
            self._process = self._started()
        told = self._within(START_S, None)
        if not told.get("ready"):
            self._end()
            raise ReadingFailed(str(told.get("error")))
        self._ready = True

    def _within(self, seconds: float, asked: Any) -> Mapping[str, Any]:
        """Send something, if there is something to send, and return the answer in time.

        A process that takes longer is killed, which ends the wait for it.
        """
        process = self._process
        assert process.stdin  # noqa: S101 - it was started with pipes
        assert process.stdout  # noqa: S101
        late = threading.Timer(seconds, process.kill)
        late.start()
        try:
            if asked is not None:
                _write(process.stdin, asked)
            answer = _read(process.stdout)
        except (OSError, ValueError):
            answer = None
        finally:
            late.cancel()
        if answer is None:
            self._end()
            raise ReadingFailed("ended")
        return dict(answer)

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        self._ready = False
        # It needs none of our settings, least of all the key.
        env = dict(os.environ)  # noqa: TID251 - to leave things out of it
        for name in [name for name in env if name.startswith(PREFIX)]:
            del env[name]
        folder = str(Path(__file__).parents[1])
        path = os.pathsep.join(filter(None, [folder, env.get("PYTHONPATH")]))
        return subprocess.Popen(  # noqa: S603 - our own module, no shell
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**env, **_ALONE, "PYTHONPATH": path},
        )


def _write(stream: IO[bytes], value: Any) -> None:
    words = json.dumps(value).encode()
    stream.write(_LENGTH.pack(len(words)) + words)
    stream.flush()


def _read(stream: IO[bytes]) -> Any:
    """Return the next value, or None when there is no more."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    words = stream.read(length)
    return json.loads(words) if len(words) == length else None


def _run(model: Path) -> None:
    """Read what comes through standard input until it ends."""
    # Whoever stops the service lets running turns end first; then the pipe closes.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    asked = os.fdopen(os.dup(0), "rb")
    told = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a stray print must not end up among the answers
    log.configure("warning")
    from bot.nlu.understanding import Understanding

    try:
        understanding = Understanding.from_archive(model)
        understanding.see([Unread("hello")])
    except Exception as error:
        _write(told, {"error": type(error).__name__})
        raise SystemExit(1) from None
    _write(told, {"ready": True})
    while (batch := _read(asked)) is not None:
        try:
            seen = understanding.see([Unread(**each) for each in batch])
            answer: dict[str, Any] = {"seen": [each.to_dict() for each in seen]}
        except Exception as error:
            answer = {"error": type(error).__name__}
        _write(told, answer)


if __name__ == "__main__":
    _run(Path(sys.argv[1]))
