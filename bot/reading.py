"""Messages that come while others are read are read together, and away from the talk.

Reading is most of the work of a turn, and several messages at once take little more
than one. Where it is done, in a thread or in a process of its own, is the business of
whoever is passed in (bot/reader_process.py).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.behaviours import Danger, Reading
from bot.danger import Heard

# So many messages, and together so many letters, are read in one go: a long one is not
# made to wait for others, nor they for it.
MOST, LONGEST = 16, 4000

Stretch = tuple[int, int]


@dataclass(frozen=True)
class Unread:
    """A message to be read.

    Attributes:
        text: as typed.
        question: the question that was open when it came, if one was.
    """

    text: str = field(repr=False)
    question: str | None = None


@dataclass(frozen=True)
class Seen:
    """What one look at a message found.

    Attributes:
        reading: what it says, with the intents the dialogue knows.
        heard: the danger that patterns hear in it.
        persons: where a person is named, in code points.
        things: where something else has a name.
    """

    reading: Reading
    heard: Heard
    persons: tuple[Stretch, ...] = ()
    things: tuple[Stretch, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "reading": self.reading.to_dict(),
            "levels": [level.value for level in self.heard.levels],
            "signs": list(self.heard.signs),
            "persons": list(self.persons),
            "things": list(self.things),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Seen:
        """Return what `to_dict` wrote."""
        levels = tuple(Danger(level) for level in data["levels"])
        return cls(
            Reading.from_dict(data["reading"]),
            Heard(levels, tuple(data["signs"])),
            tuple((int(start), int(end)) for start, end in data["persons"]),
            tuple((int(start), int(end)) for start, end in data["things"]),
        )


class ReadingFailed(Exception):
    """A message could not be read; the message of the error holds none of its words."""


class Reader(Protocol):
    """Reads messages somewhere."""

    @property
    def is_ready(self) -> bool:
        """Whether it would read a message now."""

    async def read(self, batch: Sequence[Unread]) -> list[Seen]:
        """Read messages, one answer each; raise ReadingFailed if that is not possible."""

    def stop(self) -> None:
        """Read no more."""


class ThreadReader:
    """Reads in a thread of this process."""

    is_ready = True

    def __init__(self, see: Callable[[Sequence[Unread]], list[Seen]]) -> None:
        """Take what reads; it is called by one thread at a time."""
        self._see = see

    async def read(self, batch: Sequence[Unread]) -> list[Seen]:
        """Read messages."""
        return await asyncio.to_thread(self._see, batch)

    def stop(self) -> None:
        """Read no more: there is nothing to end."""


class ReadingDesk:
    """Gathers the messages that wait, and has them read together, first come first.

    It belongs to the event loop that first asks it to read.
    """

    def __init__(self, reader: Reader) -> None:
        """Take what reads."""
        self._reader = reader
        self._waiting: deque[tuple[Unread, asyncio.Future[Seen]]] = deque()
        self._work: asyncio.Task[None] | None = None

    @property
    def is_ready(self) -> bool:
        """Whether a message would be read now."""
        return self._reader.is_ready

    async def read(self, text: str, question: str | None = None) -> Seen:
        """Return what a message says.

        Args:
            text: as typed.
            question: the question that was open when it came, if one was.

        Raises:
            ReadingFailed: it could not be read.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Seen] = loop.create_future()
        self._waiting.append((Unread(text, question), future))
        if self._work is None or self._work.done():
            self._work = loop.create_task(self._read_all())
        return await future

    def stop(self) -> None:
        """Read no more; who waits is told so."""
        if self._work is not None:
            self._work.cancel()
        self._refuse((future for _, future in self._waiting), "stopped")
        self._waiting.clear()
        self._reader.stop()

    async def _read_all(self) -> None:
        while batch := self._next():
            texts = [unread for unread, _ in batch]
            futures = [future for _, future in batch]
            try:
                answers = await self._read_together(texts)
            except asyncio.CancelledError:
                self._refuse(futures, "stopped")
                raise
            for future, answer in zip(futures, answers, strict=True):
                if future.done():
                    continue  # nobody waits any more
                if isinstance(answer, ReadingFailed):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)

    def _next(self) -> list[tuple[Unread, asyncio.Future[Seen]]]:
        """Return the messages to read next; those nobody waits for are dropped."""
        batch: list[tuple[Unread, asyncio.Future[Seen]]] = []
        letters = 0
        while self._waiting and len(batch) < MOST:
            unread, future = self._waiting[0]
            if batch and letters + len(unread.text) > LONGEST:
                break
            self._waiting.popleft()
            if not future.done():
                batch.append((unread, future))
                letters += len(unread.text)
        return batch

    async def _read_together(
        self, texts: Sequence[Unread]
    ) -> list[Seen | ReadingFailed]:
        """Return an answer or a failure for each; one that breaks fails alone."""
        together = await _tried(self._reader.read(texts))
        if not isinstance(together, ReadingFailed):
            return list(together)
        if len(texts) == 1:
            return [together]
        alone = [await _tried(self._reader.read([text])) for text in texts]
        return [one if isinstance(one, ReadingFailed) else one[0] for one in alone]

    @staticmethod
    def _refuse(futures: Iterable[asyncio.Future[Seen]], why: str) -> None:
        for future in futures:
            if not future.done():
                future.set_exception(ReadingFailed(why))


async def _tried(reading: Awaitable[list[Seen]]) -> list[Seen] | ReadingFailed:
    try:
        return await reading
    except ReadingFailed as failure:
        return failure
    except Exception as error:
        return ReadingFailed(type(error).__name__)


# What the running turn's message says, by the words that Rasa gets: it need not read
# them again.
of_this_turn: ContextVar[tuple[str, Reading] | None] = ContextVar(
    "reading_of_this_turn", default=None
)
