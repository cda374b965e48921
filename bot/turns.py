"""Messages are answered one at a time, in order, each once, whoever is still listening.

This is the promise of the service: a message is answered and kept, or the person is
told plainly that it was not and can send it again. It knows nothing of HTTP, so that
the terminal speaks through it too.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from bot import log
from bot.answering import LIVE_S, TURN_S, Answer, Answering, failed, opened
from bot.gate import Message
from bot.limits import MESSAGES_PER_CONVERSATION
from bot.parts import Part
from bot.refusals import Refused
from bot.sealing import Damaged, tag
from bot.session import Session
from bot.store import Conversations, Kept, StoreConflict, StoreUnavailable

GAP_S = 5.0
LOOK_AGAIN_S = 0.25
STOP_S = 15.0
WAITING = 2
# Beginning costs thinking too: a rush of new people must not outweigh who is talking.
BEGINNING = 2
MOST_BEGINNING = 50
DOOR_S = 10.0  # who waits longer would not be answered within a turn's time
CANCEL_AGAIN_S = 0.1


async def cancelled(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks, and wait until they have ended.

    Once is not enough: asyncio.wait_for, before Python 3.12, forgets a cancellation that
    comes in the same moment as what it waits for.
    """
    going_on = set(tasks)
    while going_on:
        for task in going_on:
            task.cancel()
        _, going_on = await asyncio.wait(going_on, timeout=CANCEL_AGAIN_S)


@dataclass
class Lane:
    """The messages of one conversation that are being answered, in order.

    Those in `early` wait for one that comes before them.
    """

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    jobs: dict[str, asyncio.Task[Answer]] = field(default_factory=dict)
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    early: set[str] = field(default_factory=set)


class Turns:
    """Answers messages, one at a time for each conversation."""

    def __init__(
        self,
        answering: Answering,
        conversations: Conversations,
        max_sessions: int,
        clock: Callable[[], float],
    ) -> None:
        """Take what answers, what keeps, and how many conversations there may be."""
        self._answering, self._store = answering, conversations
        self._max_sessions, self._clock = max_sessions, clock
        self._lanes: dict[str, Lane] = {}
        self._jobs: set[asyncio.Task[Answer]] = set()
        self._waiting: set[asyncio.Task[Any] | None] = set()
        self._stopping = False
        self._beginning, self._doors = 0, asyncio.Semaphore(BEGINNING)

    @property
    def stopping(self) -> bool:
        """Whether no more messages are taken."""
        return self._stopping

    async def begin(self, session: Session, idle_s: int) -> Answer:
        """Start a conversation that ends when it is idle, and return the greeting.

        Raises:
            Refused: it could not be started.
        """
        self._refuse_when_stopping()
        return await self._outcome(self._start(self._first(session, idle_s)))

    async def hear(self, session: Session, message: Message) -> Answer:
        """Answer a message, even if whoever sent it is gone before the answer is there.

        Raises:
            Refused: it was not answered; nothing of it is kept.
        """
        try:
            return await self._outcome(self._job(session, message))
        except Refused as refused:
            refused.messages = self.in_danger(message.text)
            raise

    async def answers_after(self, session: Session, n: int) -> list[Answer]:
        """Return the answers after a number, for a browser that lost them.

        Raises:
            Refused: there is no such conversation.
        """
        name = session.conversation_id
        try:
            found = await self._store.answers_after(name, n, self._clock())
            if found is None:
                raise Refused("session")
            return [opened(session, turn) for turn in found]
        except (StoreUnavailable, Damaged) as error:
            raise failed(error) from None

    async def end(self, session: Session) -> None:
        """Erase a conversation, wherever it is.

        Raises:
            Refused: there is no such conversation.
        """
        self._answering.forget(session.conversation_id)
        try:
            if not await self._store.erase(session.conversation_id):
                raise Refused("session")
        except StoreUnavailable as error:
            raise failed(error) from None
        log.event("session.ended")

    def in_danger(self, text: str) -> tuple[Part, ...]:
        """Return what to do in the danger a text tells of, heard without the model."""
        return self._answering.in_danger(text)

    def forget_idle(self, after_s: float = LIVE_S) -> None:
        """Drop from memory what has not been spoken to for a while."""
        self._answering.forget_idle(after_s)

    async def stop(self) -> None:
        """Take no more messages, and let the running turns end.

        Who waits for a turn that has not begun, or that does not end in time, is told
        to send again.
        """
        self._stopping = True
        for waiting in filter(None, self._waiting):
            waiting.cancel()
        if self._jobs:
            _, late = await asyncio.wait(self._jobs, timeout=STOP_S)
            await cancelled(*late)
        await asyncio.sleep(0)  # those who waited get their answer

    async def _outcome(self, job: asyncio.Task[Answer]) -> Answer:
        """Return what becomes of a job, which goes on if the caller is cancelled."""
        try:
            return await asyncio.shield(job)
        except asyncio.CancelledError:
            if not (job.cancelled() and self._stopping):
                raise
            raise Refused("stopping", retry_after_s=2) from None

    def _refuse_when_stopping(self) -> None:
        if self._stopping:
            raise Refused("stopping", retry_after_s=2)

    def _start(self, work: Coroutine[Any, Any, Answer]) -> asyncio.Task[Answer]:
        job = asyncio.get_running_loop().create_task(work)
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)
        # Nobody may be there to hear of a failure any more; that is no second failure.
        job.add_done_callback(lambda done: done.cancelled() or done.exception())
        return job

    def _job(self, session: Session, message: Message) -> asyncio.Task[Answer]:
        """Return the task that answers a message; the same one if it is sent twice."""
        self._refuse_when_stopping()
        name = session.conversation_id
        lane = self._lanes.setdefault(name, Lane())
        job = lane.jobs.get(message.id)
        if job is not None:
            return job
        if len(lane.jobs) - len(lane.early) > WAITING:
            raise Refused("busy", retry_after_s=1)
        job = self._start(self._in_order(lane, session, message))
        lane.jobs[message.id] = job

        def leave(_: asyncio.Task[Answer]) -> None:
            del lane.jobs[message.id]
            lane.early.discard(message.id)
            moved, lane.moved = lane.moved, asyncio.Event()
            moved.set()
            if not lane.jobs and self._lanes.get(name) is lane:
                del self._lanes[name]

        job.add_done_callback(leave)
        return job

    async def _in_order(self, lane: Lane, session: Session, message: Message) -> Answer:
        """Answer a message when those before it have been answered."""
        loop = asyncio.get_running_loop()
        give_up_at, no_gap_after = loop.time() + TURN_S, loop.time() + GAP_S
        while True:
            moved, waits = lane.moved, lane.lock.locked()
            try:
                turn = asyncio.wait_for(lane.lock.acquire(), give_up_at - loop.time())
                await (self._in_line(turn) if waits else turn)
            except asyncio.TimeoutError:
                raise Refused("busy", retry_after_s=1) from None
            try:
                if waits:
                    self._refuse_when_stopping()
                kept, answer = await self._standing(session, message)
                if answer is not None:
                    return answer
                if message.n == kept.last_n + 1:
                    left_s = give_up_at - loop.time()
                    return await self._answering.next(session, kept, message, left_s)
            except StoreConflict:
                continue  # another process answered first, perhaps this very message
            finally:
                lane.lock.release()
            # Few may wait so, or messages far ahead would keep the next one out.
            crowded = message.id not in lane.early and len(lane.early) >= WAITING
            if crowded or loop.time() > no_gap_after:
                raise Refused("gap", missing=kept.last_n + 1)
            lane.early.add(message.id)
            # What is missing may also be answered by another process.
            with contextlib.suppress(asyncio.TimeoutError):
                await self._in_line(asyncio.wait_for(moved.wait(), LOOK_AGAIN_S))

    async def _in_line(self, event: Awaitable[Any]) -> None:
        """Wait for an event; whoever waits here when the service stops is told so."""
        job = asyncio.current_task()
        self._waiting.add(job)
        try:
            await event
        finally:
            self._waiting.discard(job)

    async def _standing(
        self, session: Session, message: Message
    ) -> tuple[Kept, Answer | None]:
        """Return the conversation, and the answer if the message has had one."""
        name = tag(session.key, message.id)
        try:
            kept, answered = await self._store.find(
                session.conversation_id, self._clock(), tag=name, n=message.n
            )
            if kept is None:
                raise Refused("session")
            for turn in answered:
                if turn.tag == name:
                    again = self._answering.again(session, kept, turn, message)
                    return kept, await again
        except Refused:
            raise
        except Exception as error:
            raise failed(error) from None
        if message.n <= kept.last_n:
            raise Refused("order", missing=kept.last_n + 1)
        if message.n > MESSAGES_PER_CONVERSATION:
            raise Refused("long_chat")
        return kept, None

    async def _first(self, session: Session, idle_s: int) -> Answer:
        if self._beginning >= MOST_BEGINNING:
            raise Refused("full", retry_after_s=5)
        self._beginning += 1
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + TURN_S
        try:
            async with self._let_in():
                if await self._store.count() >= self._max_sessions:
                    raise Refused("full", retry_after_s=60)
                left_s = give_up_at - loop.time()
                return await self._answering.first(session, idle_s, left_s)
        except StoreUnavailable as error:
            raise failed(error) from None
        finally:
            self._beginning -= 1

    @contextlib.asynccontextmanager
    async def _let_in(self) -> AsyncIterator[None]:
        """Let in a few at a time, and nobody who has waited for too long."""
        try:
            await asyncio.wait_for(self._doors.acquire(), DOOR_S)
        except asyncio.TimeoutError:
            raise Refused("full", retry_after_s=5) from None
        try:
            yield
        finally:
            self._doors.release()
