"""Who may speak, and how much: tokens and limits in front of the turns.

Everything here is the same whether a message came as JSON or from a plain form, so
neither of the two can be the weaker door.
"""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from bot.answering import Answer
from bot.gate import Message
from bot.limits import Limits, Rates, TooFast
from bot.parts import Part
from bot.refusals import Refused
from bot.session import InvalidSession, Session, Sessions
from bot.turns import Turns

# A tab that keeps its token can be opened again by whoever has the device next.
TAB_IDLE_S = 600
MOST_GONE = 10_000


@dataclass(frozen=True)
class Opened:
    """A new conversation: its token, how long it waits, and the greeting."""

    token: str
    idle_s: int
    messages: tuple[Part, ...]


class Reception:
    """Opens conversations and lets those who hold their token speak in them."""

    def __init__(
        self,
        sessions: Sessions,
        turns: Turns,
        origins: Collection[str],
        idle_s: int,
        clock: Callable[[], float],
        limits: Limits,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what signs tokens, what answers, and whose pages may call."""
        self._sessions, self._turns = sessions, turns
        self._origins, self._idle_s, self._clock = frozenset(origins), idle_s, clock
        self._said = Rates(limits.messages, ticks)
        self._said_from = Rates(limits.messages_from, ticks)
        self._opened_from = Rates(limits.sessions_from, ticks)
        self._called = Rates(limits.calls, ticks)
        # Names of conversations that are no more, and never will be again: their old
        # tokens ask no database, and are refused as fast as ones that never were.
        self._gone: OrderedDict[str, None] = OrderedDict()

    async def open(self, address: str, origin: str, *, keep: str = "") -> Opened:
        """Start a conversation.

        Args:
            address: the caller's address key.
            origin: the page that calls.
            keep: "tab" when the browser keeps the token in the tab.

        Raises:
            Refused: not from here, or not now.
        """
        self.check_origin(origin)
        _within(self._opened_from, address, "rate")
        token, session = self._sessions.issue(origin, self._clock())
        idle_s = min(self._idle_s, TAB_IDLE_S) if keep == "tab" else self._idle_s
        answer = await self._turns.begin(session, idle_s)
        return Opened(token, idle_s, answer.messages)

    def session(self, token: str, origin: str | None) -> Session:
        """Return the conversation of a token.

        Raises:
            Refused: the same way whatever is wrong with it.
        """
        try:
            session = self._sessions.open(token, origin, self._clock())
        except InvalidSession:
            raise Refused("session") from None
        if session.conversation_id in self._gone:
            raise Refused("session")
        return session

    async def send(self, session: Session, address: str, message: Message) -> Answer:
        """Answer a message.

        Raises:
            Refused: it was not answered; nothing of it is kept.
        """
        try:
            # What is too much here does not count there: others share the address.
            _within(self._said, _here(session, address), "rate")
            _within(self._said_from, address, "rate")
        except Refused as refused:
            refused.messages = self._turns.in_danger(message.text)
            raise
        with self._noticing_the_end(session):
            return await self._turns.hear(session, message)

    async def since(self, session: Session, address: str, n: int) -> list[Answer]:
        """Return the answers after a number.

        Raises:
            Refused: there is no such conversation, or it is asked too often.
        """
        _within(self._called, _here(session, address), "rate")
        with self._noticing_the_end(session):
            return await self._turns.answers_after(session, n)

    async def end(self, session: Session, address: str) -> None:
        """Erase a conversation.

        Raises:
            Refused: there is no such conversation, or it is ended again and again.
        """
        # Counted apart: nobody can use up what it takes to leave without leaving.
        _within(self._called, f"{_here(session, address)}/end", "rate")
        with self._noticing_the_end(session):
            await self._turns.end(session)

    def forget_counts(self) -> None:
        """Drop what was counted too long ago to matter.

        Whoever calls this every minute keeps no count for longer than the longest limit
        looks back and a minute more: eleven minutes.
        """
        for rates in (self._said, self._said_from, self._opened_from, self._called):
            rates.forget()

    def check_origin(self, origin: str) -> None:
        """Accept a page that may call.

        Raises:
            Refused: it may not, or the browser does not say which it is.
        """
        if origin not in self._origins:
            raise Refused("origin")

    @contextlib.contextmanager
    def _noticing_the_end(self, session: Session) -> Iterator[None]:
        try:
            yield
        except Refused as refused:
            if refused.code == "session":
                self._gone[session.conversation_id] = None
                while len(self._gone) > MOST_GONE:
                    self._gone.popitem(last=False)
            raise

    def in_danger(self, text: str) -> tuple[Part, ...]:
        """Return what to do in the danger a text tells of."""
        return self._turns.in_danger(text)


def _here(session: Session, address: str) -> str:
    """Return the name under which one conversation is counted at one address.

    So somebody elsewhere who has the token too uses up nothing of the person's own.
    """
    return f"{session.conversation_id}/{address}"


def _within(rates: Rates, name: str, code: str) -> None:
    try:
        rates.allow(name)
    except TooFast as fast:
        raise Refused(code, retry_after_s=fast.retry_after_s) from None
