"""One turn inside: Rasa thinks, danger is put first, and the whole is kept or nothing.

What Rasa gets, and so what is kept, is masked; the reading alone hears the words as
typed, within the turn. In which order messages come, and from whom, is decided before
(bot/turns.py).
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rasa.core.channels.channel import UserMessage
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot import log
from bot.asked import open_question
from bot.behaviours import Danger
from bot.danger import Heard
from bot.endpoint import TurnAborted
from bot.gate import Message, without_command
from bot.knowledge import Knowledge
from bot.masking import Masked, Masker, Numbers, of_this_turn
from bot.metrics import SPOKEN, Metrics
from bot.parts import (
    Collector,
    Part,
    Reply,
    UnfitReply,
    offering,
    reply_from,
    shown_alone,
)
from bot.reading import ReadingDesk, Seen
from bot.reading import of_this_turn as read_before
from bot.refusals import Refused
from bot.sealing import seal, tag, unseal
from bot.session import Session
from bot.snapshot import as_json, compacted, just_forgotten, revived
from bot.store import (
    Answered,
    Conversations,
    Kept,
    RunningTurn,
    StoreConflict,
    running,
)

TURN_S = 15.0
LIVE = 500
SOON_MASKED = 400  # letters, for which a thread takes longer than the work
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
    """The answer to one message.

    Attributes:
        n: the message's number.
        messages: the parts.
        restore: the person's own words behind the tokens in their message; kept nowhere.
    """

    n: int
    messages: tuple[Part, ...]
    restore: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Live:
    """A conversation as it stands, ready for its next turn."""

    version: int
    tracker: DialogueStateTracker
    offered: Mapping[str, str]
    numbers: Numbers
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


class Answering:
    """Answers one message of a conversation that nobody else is speaking in."""

    def __init__(
        self,
        converse: Converse,
        domain: Callable[[], Domain],
        conversations: Conversations,
        danger: DangerLane,
        masker: Masker,
        knowledge: Knowledge,
        clock: Callable[[], float],
        metrics: Metrics,
        desk: ReadingDesk | None = None,
    ) -> None:
        """Take what a turn needs: Rasa, its domain, the store, danger, masks, facts.

        Without a desk that reads messages, Rasa reads them itself.
        """
        self._metrics, self._desk = metrics, desk
        self._converse, self._domain = converse, domain
        self._store, self._clock = conversations, clock
        self._danger, self._masker, self._knowledge = danger, masker, knowledge
        self._live: OrderedDict[str, Live] = OrderedDict()

    async def first(self, session: Session, idle_s: int, left_s: float) -> Answer:
        """Start a conversation, and return the greeting.

        Args:
            session: whose it is.
            idle_s: how long it lives without a message.
            left_s: how long it may take.

        Raises:
            Refused: it could not be started.
        """
        try:
            turn = RunningTurn(session.conversation_id)
            begin = Masked(FIRST_PAYLOAD, FIRST_PAYLOAD)
            reply = await self._think(turn, begin, "", left_s)
            first = Step(1, 0, FIRST_PAYLOAD, idle_s)
            answer = await self._keep(session, turn, reply, first, begin.numbers)
        except Refused:
            raise
        except (Exception, TurnAborted) as error:
            raise failed(error) from None
        log.event("session.started")
        return answer

    async def next(
        self, session: Session, kept: Kept, message: Message, left_s: float
    ) -> Answer:
        """Answer the next message of a conversation.

        Args:
            session: whose it is.
            kept: the conversation as it is kept.
            message: the one after the last that was answered.
            left_s: how long it may take.

        Raises:
            Refused: it was not answered; nothing of it is kept.
            StoreConflict: the same, because the conversation has moved on or ended.
        """
        started = time.monotonic()
        try:
            live = self._standing_at(session, kept)
            turn = RunningTurn(session.conversation_id, before=live.tracker)
            seen = None
            if message.choice is None:
                seen = await self._read(message.text, _open_question(turn), left_s)
                words = await self._masked(session, message, live.numbers, seen)
            else:
                payload = live.offered.get(message.choice, "")
                if not payload:
                    # Nothing has happened to the conversation; it stays at hand.
                    self._live[session.conversation_id] = live
                    raise Refused("choice")
                words = Masked(payload, payload, numbers=live.numbers)
            warned = bool(live.tracker.get_slot("signs"))
            left_s -= time.monotonic() - started
            reply = await self._think(turn, words, message.text, left_s, seen)
            reply = self._reminding(reply, turn, warned)
            if not reply.offered:
                reply = Reply(reply.parts, live.offered)
            step = Step(kept.version + 1, message.n, message.id)
            answer = await self._keep(session, turn, reply, step, words.numbers)
        except (Refused, StoreConflict):
            raise
        except (Exception, TurnAborted) as error:
            raise failed(error) from None
        took_s = time.monotonic() - started
        self._metrics.turn(session.conversation_id, took_s, _counted(turn, reply))
        took_ms = int(took_s * 1000)
        log.event("turn.answered", duration_ms=took_ms, turn=log.correlation_id())
        return replace(answer, restore=words.restore)

    async def again(
        self, session: Session, kept: Kept, turn: Answered, message: Message
    ) -> Answer:
        """Return the answer that was kept for a message that is sent again.

        What was masked in it is found again from its words: it is kept nowhere.

        Raises:
            Damaged: it is not as it was kept.
        """
        answer = opened(session, turn)
        if not message.text:
            return answer
        numbers = self._numbers(session, kept)
        seen = await self._read(message.text, None, TURN_S)
        words = await self._masked(session, message, numbers, seen)
        given = frozenset(numbers.tokens.values())
        restore = {k: v for k, v in words.restore.items() if k in given}
        return replace(answer, restore=restore)

    def in_danger(self, text: str) -> tuple[Part, ...]:
        """Return what to do in the danger a text tells of, heard without the model."""
        heard = self._danger.hear(text) if text else Heard()
        if not heard.levels:
            return ()
        return (shown_alone(self._danger.card(heard.levels, heard.signs)),)

    def forget(self, conversation_id: str) -> None:
        """Drop a conversation from memory."""
        self._live.pop(conversation_id, None)

    def forget_idle(self, after_s: float = LIVE_S) -> None:
        """Drop from memory what has not been spoken to for a while."""
        oldest = time.monotonic() - after_s
        for name in [n for n, live in self._live.items() if live.since < oldest]:
            del self._live[name]

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
        numbers = Numbers.from_dict(snapshot.get("masked", {}))
        offered = snapshot["offered"]
        return Live(kept.version, tracker, offered, numbers, time.monotonic())

    def _numbers(self, session: Session, kept: Kept) -> Numbers:
        """Return the tokens given so far in a conversation."""
        name = session.conversation_id
        live = self._live.get(name)
        if live is not None and live.version == kept.version:
            return live.numbers
        snapshot = unseal(session.key, _place(name, kept.version), kept.snapshot)
        return Numbers.from_dict(snapshot.get("masked", {}))

    async def _read(
        self, text: str, question: str | None, left_s: float
    ) -> Seen | None:
        """Return what a message says; None when that is left to Rasa.

        Raises:
            ReadingFailed: it could not be read.
        """
        if self._desk is None:
            return None
        reading = self._desk.read(without_command(text), question)
        return await asyncio.wait_for(reading, left_s)

    async def _masked(
        self, session: Session, message: Message, numbers: Numbers, seen: Seen | None
    ) -> Masked:
        """Return a message masked; a long one, or one not read yet, in a thread."""
        words = without_command(message.text)
        named = (seen.persons, seen.things) if seen is not None else None
        if named is not None and len(words) <= SOON_MASKED:
            return self._masker.mask(words, session.key, numbers, named)
        return await asyncio.to_thread(
            self._masker.mask, words, session.key, numbers, named
        )

    async def _think(
        self,
        turn: RunningTurn,
        words: Masked,
        said: str,
        left_s: float,
        seen: Seen | None = None,
    ) -> Reply:
        """Let Rasa answer, and put 999 first whenever danger was heard.

        Args:
            turn: the conversation.
            words: what Rasa gets: the person's words, masked, or a choice's payload.
            said: the person's words as typed; empty when a choice was pressed.
            left_s: how long it may take.
            seen: what the words say, if they have been read.
        """
        collector = Collector()
        running.set(turn)
        open_question.set(_open_question(turn))
        of_this_turn.set(words)
        if seen is not None:
            read_before.set((words.text, words.reading(seen.reading)))
        message = UserMessage(
            words.text, collector, turn.conversation_id, input_channel=CHANNEL
        )
        await asyncio.wait_for(self._converse(message), left_s)
        if turn.after is None:
            raise UnfitReply("the conversation was not handed back")
        reply = reply_from(collector.said)
        plain = self._danger.hear(said) if said and seen is None else Heard()
        heard = _heard(plain if seen is None else seen.heard, turn.after)
        if not set(heard.levels).intersection(URGENT) or "danger" in reply.kinds:
            return reply
        if _stays_with_them(turn, reply):
            return reply
        first = offering([self._danger.card(heard.levels, heard.signs)])
        offered = {**first.offered, **reply.offered}
        return Reply((*first.parts, *reply.parts), offered)

    def _reminding(self, reply: Reply, turn: RunningTurn, warned: bool) -> Reply:
        """Return the reply with the line that goes on after danger was heard."""
        answer = self._knowledge.answers.get(REMINDER)
        still = turn.after is not None and bool(turn.after.get_slot("signs"))
        if answer is None or not (warned and still) or "danger" in reply.kinds:
            return reply
        line = {"kind": "text", "text": self._knowledge.fill(answer.text[0])}
        return Reply((*reply.parts, line), reply.offered)

    async def _keep(
        self,
        session: Session,
        turn: RunningTurn,
        reply: Reply,
        step: Step,
        numbers: Numbers,
    ) -> Answer:
        """Keep the conversation and the answer, in one go."""
        name, version, n = session.conversation_id, step.version, step.n
        if turn.after is None:
            raise UnfitReply("the conversation was not handed back")
        events = compacted(turn.after)
        forgets = just_forgotten(turn.after)
        if forgets:
            numbers = numbers.forgotten()
        snapshot = {
            "events": as_json(events),
            "offered": dict(reply.offered),
            "masked": numbers.to_dict(),
        }
        sealed = seal(session.key, _place(name, version), snapshot)
        answer = seal(session.key, _place(name, n, "answer"), reply.parts)
        await self._store.keep(
            name,
            Kept(version, n, sealed),
            Answered(n, tag(session.key, step.message_id), answer),
            self._clock(),
            step.idle_s,
            forget_earlier=forgets,
        )
        tracker = DialogueStateTracker.from_events(name, events, self._domain().slots)
        now = time.monotonic()
        self._live[name] = Live(version, tracker, reply.offered, numbers, now)
        while len(self._live) > LIVE:
            self._live.popitem(last=False)
        return Answer(n, tuple(reply.parts))


def _heard(plain: Heard, after: DialogueStateTracker) -> Heard:
    """Return the danger in a message, as the patterns or the model heard it."""
    latest = after.latest_message
    parsed = (latest.parse_data or {}) if latest is not None else {}
    reading = parsed.get("reading") or {}
    levels = {*plain.levels, *(Danger(name) for name in reading.get("danger", ()))}
    signs = dict.fromkeys([*plain.signs, *reading.get("signs", ())])
    return Heard(tuple(level for level in Danger if level in levels), tuple(signs))


def _stays_with_them(turn: RunningTurn, reply: Reply) -> bool:
    """Whether the card was shown before, and this reply itself says to call 999."""
    shown = turn.before is not None and bool(turn.before.get_slot("in_danger"))
    begins = reply.parts[0].get("text", "") if reply.parts else ""
    return shown and "999" in begins


def _open_question(turn: RunningTurn) -> str | None:
    """Return the question of the form that this turn's message may answer."""
    if turn.before is None or turn.before.active_loop_name is None:
        return None
    question = turn.before.get_slot("requested_slot")
    return str(question) if question else None


def _counted(turn: RunningTurn, reply: Reply) -> Iterator[tuple[str, str]]:
    """Yield what a turn that was kept counts as, beside one turn more."""
    for part in reply.parts:
        if part["kind"] == "danger":
            yield "danger_cards", part["level"]
    if turn.after is None or turn.after.latest_message is None:
        return
    parsed = turn.after.latest_message.parse_data or {}
    for behaviour in (parsed.get("reading") or {}).get("behaviours") or ():
        yield "types", behaviour["type"]
    for event in reversed(turn.after.events):
        if isinstance(event, UserUttered):
            return
        if isinstance(event, ActionExecuted) and event.action_name in SPOKEN:
            yield SPOKEN[event.action_name]


def opened(session: Session, turn: Answered) -> Answer:
    """Return the answer that was kept for a turn.

    Raises:
        Damaged: it is not as it was kept.
    """
    place = _place(session.conversation_id, turn.n, "answer")
    return Answer(turn.n, tuple(unseal(session.key, place, turn.answer)))


def failed(error: BaseException) -> Refused:
    """Return the refusal for something that failed, once it is in the log."""
    began = log.cause_of(error)
    name, place, action = type(began).__name__, log.place_of(began.__traceback__), None
    if isinstance(error, TurnAborted):
        name, place, action = error.error, error.place, error.action
    log.event("turn.failed", level="error", error=name, code=place, action=action)
    return Refused("not_kept", retry_after_s=1)


def _place(conversation_id: str, number: int, kind: str = "snapshot") -> str:
    return f"{conversation_id}/{kind}/{number}"
