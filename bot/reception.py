"""Who may speak, and how much: tokens and limits in front of the turns.

Everything here is the same whether a message came as JSON or from a plain form, so
neither of the two can be the weaker door.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
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
            return self._sessions.open(token, origin, self._clock())
        except InvalidSession:
            raise Refused("session") from None

    async def send(self, session: Session, address: str, message: Message) -> Answer:
        """Answer a message.

        Raises:
            Refused: it was not answered; nothing of it is kept.
        """
        try:
            _within(self._said_from, address, "rate")
            _within(self._said, session.conversation_id, "rate")
        except Refused as refused:
            refused.messages = self._turns.in_danger(message.text)
            raise
        return await self._turns.hear(session, message)

    async def since(self, session: Session, n: int) -> list[Answer]:
        """Return the answers after a number.

        Raises:
            Refused: there is no such conversation.
        """
        return await self._turns.answers_after(session, n)

    async def end(self, session: Session) -> None:
        """Erase a conversation.

        Raises:
            Refused: there is no such conversation.
        """
        await self._turns.end(session)

    def check_origin(self, origin: str) -> None:
        """Accept a page that may call.

        Raises:
            Refused: it may not, or the browser does not say which it is.
        """
        if origin not in self._origins:
            raise Refused("origin")

    def in_danger(self, text: str) -> tuple[Part, ...]:
        """Return what to do in the danger a text tells of."""
        return self._turns.in_danger(text)


def _within(rates: Rates, name: str, code: str) -> None:
    try:
        rates.allow(name)
    except TooFast as fast:
        raise Refused(code, retry_after_s=fast.retry_after_s) from None
