"""One message becomes one answer, kept whole or not at all.

This is the promise of the service: a message is answered and kept, or the person is
told plainly that it was not and can send it again. It knows Rasa, the store and the
danger lane; it knows nothing of HTTP, so that the terminal speaks through it too.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rasa.core.channels.channel import UserMessage
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker

from bot import log
from bot.behaviours import Danger
from bot.danger import Heard
from bot.endpoint import TurnAborted
from bot.gate import Message, without_command
from bot.knowledge import Knowledge
from bot.limits import MESSAGES_PER_CONVERSATION
from bot.parts import Collector, Part, Reply, UnfitReply, offering, reply_from, shown_alone
from bot.refusals import Refused
from bot.sealing import Damaged, seal, tag, unseal
from bot.session import Session
from bot.snapshot import as_json, compacted, revived
from bot.store import (
    Answered,
    Conversations,
    Kept,
    RunningTurn,
    StoreUnavailable,
    running,
)

TURN_S = 15.0
GAP_S = 5.0
STOP_S = 20.0  # a turn's own limit and that of keeping it
WAITING = 2
LIVE = 500
LIVE_S = 120.0
FIRST_PAYLOAD = "/session_begin"
CHANNEL = "web_chat"
URGENT = (Danger.IMMEDIATE, Danger.CRISIS)
REMINDER = "danger_reminder"

Converse = Callable[[UserMessage], Awaitable[Any]]


@dataclass(frozen=True)
class DangerLane:
    """The part of the assistant that needs no model: hears danger, shows what to do."""

    hear: Callable[[str], Heard]
    card: Callable[[Sequence[Danger], Sequence[str]], Part]


@dataclass(frozen=True)
class Answer:
    """The answer to one message."""

    n: int
    messages: tuple[Part, ...]


@dataclass
class Lane:
    """The messages of one conversation that are being answered, in order."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    jobs: dict[str, asyncio.Task[Answer]] = field(default_factory=dict)
    moved: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True)
class Live:
    """A conversation as it stands, ready for its next turn."""

    version: int
    tracker: DialogueStateTracker
    offered: Mapping[str, str]
    since: float


@dataclass(frozen=True)
class Step:
    """Where a turn stands in its conversation.

    Attributes:
        version: of the conversation after it.
        n, message_id: of the message it answers.
        idle_s: with the first one, how long the conversation lives without a message.
    """

    version: int
    n: int
    message_id: str
    idle_s: int = 0


class Turns:
    """Answers messages, one at a time for each conversation."""

    def __init__(
        self,
        converse: Converse,
        domain: Callable[[], Domain],
        conversations: Conversations,
        danger: DangerLane,
        knowledge: Knowledge,
        max_sessions: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take what a turn needs: Rasa, its domain, the store, the danger lane."""
        self._converse, self._domain = converse, domain
        self._store, self._clock = conversations, clock
        self._danger, self._knowledge = danger, knowledge
        self._max_sessions = max_sessions
        self._lanes: dict[str, Lane] = {}
        self._live: OrderedDict[str, Live] = OrderedDict()
        self._jobs: set[asyncio.Task[Answer]] = set()
        self._stopping = False

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
        return await asyncio.shield(self._start(self._first(session, idle_s)))

    async def hear(self, session: Session, message: Message) -> Answer:
        """Answer a message, even if whoever sent it is gone before the answer is there.

        Raises:
            Refused: it was not answered; nothing of it is kept.
        """
        try:
            return await asyncio.shield(self._job(session, message))
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
            kept, _ = await self._store.find(name, self._clock())
            if kept is None:
                raise Refused("session")
            found = await self._store.answers_after(name, n, self._clock())
            return [_opened(session, turn) for turn in found]
        except (StoreUnavailable, Damaged) as error:
            raise _failed(error) from None

    async def end(self, session: Session) -> None:
        """Erase a conversation, wherever it is.

        Raises:
            Refused: there is no such conversation.
        """
        self._live.pop(session.conversation_id, None)
        try:
            if not await self._store.erase(session.conversation_id):
                raise Refused("session")
        except StoreUnavailable as error:
            raise _failed(error) from None
        log.event("session.ended")

    def in_danger(self, text: str) -> tuple[Part, ...]:
        """Return what to do in the danger a text tells of, heard without the model."""
        heard = self._danger.hear(text) if text else Heard()
        if not heard.levels:
            return ()
        return (shown_alone(self._danger.card(heard.levels, heard.signs)),)

    def forget_idle(self) -> None:
        """Drop from memory what has not been spoken to for a while."""
        oldest = time.monotonic() - LIVE_S
        for name in [n for n, live in self._live.items() if live.since < oldest]:
            del self._live[name]

    async def stop(self) -> None:
        """Take no more messages, and let the running turns end."""
        self._stopping = True
        if self._jobs:
            await asyncio.wait(self._jobs, timeout=STOP_S)

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
        if len(lane.jobs) > WAITING:
            raise Refused("busy", retry_after_s=1)
        job = self._start(self._in_order(lane, session, message))
        lane.jobs[message.id] = job

        def leave(_: asyncio.Task[Answer]) -> None:
            del lane.jobs[message.id]
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
            moved = lane.moved
            try:
                await asyncio.wait_for(lane.lock.acquire(), give_up_at - loop.time())
            except asyncio.TimeoutError:
                raise Refused("busy", retry_after_s=1) from None
            try:
                kept, answer = await self._standing(session, message)
                if answer is not None:
                    return answer
                if message.n == kept.last_n + 1:
                    left_s = give_up_at - loop.time()
                    return await self._turn(session, kept, message, left_s)
            finally:
                lane.lock.release()
            try:
                await asyncio.wait_for(moved.wait(), no_gap_after - loop.time())
            except asyncio.TimeoutError:
                raise Refused("gap", missing=kept.last_n + 1) from None

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
                    return kept, _opened(session, turn)
        except Refused:
            raise
        except Exception as error:
            raise _failed(error) from None
        if message.n <= kept.last_n:
            raise Refused("order", missing=kept.last_n + 1)
        if message.n > MESSAGES_PER_CONVERSATION:
            raise Refused("long_chat")
        return kept, None

    async def _first(self, session: Session, idle_s: int) -> Answer:
        try:
            if await self._store.count() >= self._max_sessions:
                raise Refused("full", retry_after_s=60)
            turn = RunningTurn(session.conversation_id)
            reply = await self._think(turn, FIRST_PAYLOAD, "", TURN_S)
            first = Step(1, 0, FIRST_PAYLOAD, idle_s)
            answer = await self._keep(session, turn, reply, first)
        except Refused:
            raise
        except (Exception, TurnAborted) as error:
            raise _failed(error) from None
        log.event("session.started")
        return answer

    async def _turn(
        self, session: Session, kept: Kept, message: Message, left_s: float
    ) -> Answer:
        started = time.monotonic()
        try:
            live = self._standing_at(session, kept)
            words = without_command(message.text)
            if message.choice is not None:
                words = live.offered.get(message.choice, "")
                if not words:
                    # Nothing has happened to the conversation; it stays at hand.
                    self._live[session.conversation_id] = live
                    raise Refused("choice")
            turn = RunningTurn(session.conversation_id, before=live.tracker)
            warned = bool(live.tracker.get_slot("signs"))
            reply = await self._think(turn, words, message.text, left_s)
            reply = self._reminding(reply, turn, warned)
            if not reply.offered:
                reply = Reply(reply.parts, live.offered)
            step = Step(kept.version + 1, message.n, message.id)
            answer = await self._keep(session, turn, reply, step)
        except Refused:
            raise
        except (Exception, TurnAborted) as error:
            raise _failed(error) from None
        took_ms = (time.monotonic() - started) * 1000
        log.event("turn.answered", duration_ms=int(took_ms), turn=log.correlation_id())
        return answer

    def _standing_at(self, session: Session, kept: Kept) -> Live:
        """Return the conversation, from memory when that is the version kept.

        It leaves memory meanwhile: Rasa changes it, and a turn that fails must leave
        no trace.
        """
        name = session.conversation_id
        live = self._live.pop(name, None)
        if live is not None and live.version == kept.version:
            return live
        snapshot = unseal(session.key, _place(name, kept.version), kept.snapshot)
        tracker = revived(name, snapshot["events"], self._domain())
        return Live(kept.version, tracker, snapshot["offered"], time.monotonic())

    async def _think(
        self, turn: RunningTurn, words: str, said: str, left_s: float
    ) -> Reply:
        """Let Rasa answer, and put 999 first whenever danger was heard.

        Args:
            turn: the conversation.
            words: what Rasa gets: the person's words or a choice's payload.
            said: the person's words; empty when a choice was pressed.
            left_s: how long it may take.
        """
        collector = Collector()
        running.set(turn)
        message = UserMessage(
            words, collector, turn.conversation_id, input_channel=CHANNEL
        )
        await asyncio.wait_for(self._converse(message), left_s)
        if turn.after is None:
            raise UnfitReply("the conversation was not handed back")
        reply = reply_from(collector.said)
        heard = self._heard(said, turn.after)
        if not set(heard.levels).intersection(URGENT) or "danger" in reply.kinds:
            return reply
        first = offering([self._danger.card(heard.levels, heard.signs)])
        offered = {**first.offered, **reply.offered}
        return Reply((*first.parts, *reply.parts), offered)

    def _heard(self, said: str, after: DialogueStateTracker) -> Heard:
        """Return the danger in a message, as the patterns or the model heard it."""
        plain = self._danger.hear(said) if said else Heard()
        latest = after.latest_message
        parsed = (latest.parse_data or {}) if latest is not None else {}
        reading = parsed.get("reading") or {}
        levels = {*plain.levels, *(Danger(name) for name in reading.get("danger", ()))}
        signs = dict.fromkeys([*plain.signs, *reading.get("signs", ())])
        return Heard(tuple(level for level in Danger if level in levels), tuple(signs))

    def _reminding(self, reply: Reply, turn: RunningTurn, warned: bool) -> Reply:
        """Return the reply with the line that goes on after danger was heard."""
        answer = self._knowledge.answers.get(REMINDER)
        still = turn.after is not None and bool(turn.after.get_slot("signs"))
        if answer is None or not (warned and still) or "danger" in reply.kinds:
            return reply
        line = {"kind": "text", "text": self._knowledge.fill(answer.text[0])}
        return Reply((*reply.parts, line), reply.offered)

    async def _keep(
        self, session: Session, turn: RunningTurn, reply: Reply, step: Step
    ) -> Answer:
        """Keep the conversation and the answer, in one go."""
        name, version, n = session.conversation_id, step.version, step.n
        if turn.after is None:
            raise UnfitReply("the conversation was not handed back")
        events = compacted(turn.after)
        snapshot = {"events": as_json(events), "offered": dict(reply.offered)}
        sealed = seal(session.key, _place(name, version), snapshot)
        answer = seal(session.key, _place(name, n, "answer"), reply.parts)
        await self._store.keep(
            name,
            Kept(version, n, sealed),
            Answered(n, tag(session.key, step.message_id), answer),
            self._clock(),
            step.idle_s,
        )
        tracker = DialogueStateTracker.from_events(name, events, self._domain().slots)
        self._live[name] = Live(version, tracker, reply.offered, time.monotonic())
        while len(self._live) > LIVE:
            self._live.popitem(last=False)
        return Answer(n, tuple(reply.parts))


def _opened(session: Session, turn: Answered) -> Answer:
    place = _place(session.conversation_id, turn.n, "answer")
    return Answer(turn.n, tuple(unseal(session.key, place, turn.answer)))


def _place(conversation_id: str, number: int, kind: str = "snapshot") -> str:
    return f"{conversation_id}/{kind}/{number}"


def _failed(error: BaseException) -> Refused:
    """Return the refusal for something that failed, once it is in the log."""
    log.event("turn.failed", level="error", error=type(error).__name__)
    return Refused("not_kept", retry_after_s=1)
