"""Where conversations are kept between turns, and how they are forgotten.

One row holds a conversation, as its latest version; one row holds each answered turn,
so that a message sent twice gets its first answer. Words are in sealed columns alone.
`Conversations` is the database. `ConversationStore` is what Rasa sees of it: the turn
that is running hands it the conversation and takes it back, so that Rasa never reads
or writes a database and a turn is kept whole, with its answer, or not at all.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.engine import Connection

from bot import log
from bot.database import UnsafeStore, conversations, make_tables, turns
from bot.erasure import Limits, erase_these, flush_journal
from bot.transactions import CALL_S, Database
from bot.transactions import StoreConflict as StoreConflict  # for those who use us
from bot.transactions import StoreUnavailable as StoreUnavailable


@dataclass(frozen=True)
class Kept:
    """One conversation as it is kept; its words are sealed.

    Attributes:
        version: goes up by one with every turn.
        last_n: number of the last message that was answered.
        snapshot: the sealed conversation.
    """

    version: int
    last_n: int
    snapshot: bytes = field(repr=False)


@dataclass(frozen=True)
class Answered:
    """One turn's sealed answer, and the tag of the message it answers."""

    n: int
    tag: str
    answer: bytes = field(repr=False)


class Conversations:
    """The database of conversations; every call is off the event loop and bounded."""

    def __init__(self, url: str, absolute_s: int) -> None:
        """Take the database's address and how long a conversation may last.

        Raises:
            UnsafeStore: the address is wrong or others may read the file.
        """
        self._absolute_s = absolute_s
        self._database = Database(url)
        # Asked to be erased when the database could not: gone for all but the sweep.
        self._leaving: set[str] = set()
        # A process before this one may have ended before it emptied the journal.
        self._to_flush = True

    async def open(self) -> None:
        """Make the tables that are missing, and prove that a row can be kept.

        Raises:
            UnsafeStore: it cannot be read and written.
        """
        try:
            await self._database.write(make_tables)
            await self.probe()
        except (StoreUnavailable, StoreConflict) as error:
            code = str(error) or type(error).__name__
            why = f"the database cannot be read and written ({code})"
            raise UnsafeStore(why, code) from None

    async def probe(self) -> None:
        """Write a row, read it back, and take it away again.

        Raises:
            StoreUnavailable: one of the three did not work.
        """
        await self._database.write(_probe)

    async def find(
        self, conversation_id: str, now: float, *, tag: str = "", n: int = -1
    ) -> tuple[Kept | None, list[Answered]]:
        """Return a living conversation and what was already answered of a message.

        Args:
            conversation_id: its name.
            now: seconds since 1970.
            tag: of the message's id.
            n: the message's number.

        Returns:
            The conversation, or None when there is none or its time has passed, and
            the turns that have this tag or this number.

        Raises:
            StoreUnavailable: it could not be read; never taken for a new conversation.
        """

        def find(connection: Connection) -> tuple[Kept | None, list[Answered]]:
            row = connection.execute(
                sa.select(conversations).where(conversations.c.id == conversation_id)
            ).one_or_none()
            if row is None or self._is_over(row, now):
                return None, []
            same = sa.or_(turns.c.tag == tag, turns.c.n == n)
            found = connection.execute(_of(conversation_id).where(same))
            kept = Kept(row.version, row.last_n, row.snapshot)
            return kept, [Answered(r.n, r.tag, r.answer) for r in found]

        return await self._database.read(find)

    async def answers_after(
        self, conversation_id: str, n: int, now: float
    ) -> list[Answered] | None:
        """Return the answered turns after a number, in order; asking is a sign of life.

        Returns:
            The turns, or None when there is no such conversation, or no longer.

        Raises:
            StoreUnavailable: they could not be read.
        """
        this = conversations.c.id == conversation_id

        def find(connection: Connection) -> list[Answered] | None:
            row = connection.execute(sa.select(conversations).where(this)).one_or_none()
            if row is None or self._is_over(row, now):
                return None
            after = _of(conversation_id).where(turns.c.n > n).order_by(turns.c.n)
            return [Answered(r.n, r.tag, r.answer) for r in connection.execute(after)]

        def see(connection: Connection) -> None:
            seen = sa.update(conversations).where(this).values(seen_at=int(now))
            connection.execute(seen)

        found = await self._database.read(find)
        if found is not None:
            # What can be read is not kept back because the disk is full.
            with contextlib.suppress(StoreUnavailable):
                await self._database.write(see)
        return found

    async def keep(
        self,
        conversation_id: str,
        kept: Kept,
        turn: Answered,
        now: float,
        idle_s: int = 0,
        forget_earlier: bool = False,
    ) -> None:
        """Keep one more turn of a conversation, whole or not at all.

        Args:
            conversation_id: its name.
            kept: the conversation after the turn; version 1 is a new one.
            turn: the answer.
            now: seconds since 1970.
            idle_s: of a new one: how long it lives without a sign of life.
            forget_earlier: erase the answers of the turns before.

        Raises:
            StoreConflict: somebody else's turn came first, or it was erased meanwhile.
            StoreUnavailable: it could not be kept.
        """
        new = {
            "version": kept.version,
            "last_n": kept.last_n,
            "seen_at": int(now),
            "snapshot": kept.snapshot,
        }
        give_up_at = time.monotonic() + CALL_S

        def keep(connection: Connection) -> None:
            if conversation_id in self._leaving:
                raise StoreConflict
            if kept.version == 1:
                born = {"created_at": int(now), "idle_s": idle_s}
                first = {"id": conversation_id, **born, **new}
                connection.execute(sa.insert(conversations).values(first))
            else:
                read = sa.and_(
                    conversations.c.id == conversation_id,
                    conversations.c.version == kept.version - 1,
                )
                update = sa.update(conversations).where(read).values(new)
                if connection.execute(update).rowcount != 1:
                    raise StoreConflict
            if forget_earlier:
                of_this = turns.c.conversation_id == conversation_id
                connection.execute(sa.delete(turns).where(of_this, turns.c.n < turn.n))
            row = {"n": turn.n, "tag": turn.tag, "answer": turn.answer}
            connection.execute(
                sa.insert(turns).values(conversation_id=conversation_id, **row)
            )
            if time.monotonic() > give_up_at:
                raise StoreUnavailable  # the person has been told that it is not kept

        await self._database.write(keep)

    async def erase(self, conversation_id: str) -> bool:
        """Erase one conversation, and say whether there was one.

        When that fails it is over all the same, and the next sweep erases it.

        Raises:
            StoreUnavailable: it could not be erased now.
        """
        self._leaving.add(conversation_id)
        gone = await self._database.write(partial(erase_these, [conversation_id]))
        self._leaving.discard(conversation_id)
        self._to_flush = True
        return gone > 0

    async def sweep(self, now: float) -> int:
        """Erase every conversation whose time has passed, and say how many there were.

        What should have been erased long before is told to the log, as an error.

        Raises:
            StoreUnavailable: the database did not answer.
        """
        leaving, limits = list(self._leaving), Limits(now, self._absolute_s)
        total = await self._database.write(partial(erase_these, leaving))
        self._leaving.difference_update(leaving)
        for why, count in (await self._database.write(limits.overdue)).items():
            if count:
                log.event("conversations.overdue", level="error", code=why, count=count)
        while gone := await self._database.write(limits.erase_some):
            total += gone
        self._to_flush = self._to_flush or total > 0
        if self._to_flush:
            self._to_flush = not await self._database.write(flush_journal)
        return total

    async def count(self) -> int:
        """Return how many conversations are kept.

        Raises:
            StoreUnavailable: the database did not answer.
        """
        query = sa.select(sa.func.count()).select_from(conversations)

        def count(connection: Connection) -> int:
            return int(connection.scalar(query))

        return await self._database.read(count)

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def _is_over(self, row: Any, now: float) -> bool:
        return row.id in self._leaving or Limits(now, self._absolute_s).passed(row)


@dataclass
class RunningTurn:
    """The conversation a turn of ours is about, handed to Rasa and taken back.

    Attributes:
        conversation_id: the one conversation this turn may touch.
        before: as it was kept, or None when it is new.
        after: as Rasa left it; None until then.
        broken: for the check at start: every access fails.
    """

    conversation_id: str
    before: DialogueStateTracker | None = None
    after: DialogueStateTracker | None = None
    broken: bool = False


running: ContextVar[RunningTurn | None] = ContextVar("running", default=None)


class ConversationStore(TrackerStore):
    """Rasa's tracker store: the running turn's conversation, and no other.

    Outside a turn of ours (`rasa shell`, `rasa test`) nobody holds a token, so nothing
    could be sealed: conversations then stay in memory and end with the process.
    """

    def __init__(
        self,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        host: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Take what endpoints.yml gives a tracker store; the database is a setting."""
        super().__init__(domain, event_broker)
        self._in_memory: dict[str, DialogueStateTracker] = {}

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """Return the conversation of the running turn; None when it is new.

        Raises:
            StoreUnavailable: another conversation than the turn's own was asked for.
        """
        turn = running.get()
        if turn is None:
            return self._in_memory.get(sender_id)
        if turn.broken or sender_id != turn.conversation_id:
            raise StoreUnavailable
        return turn.before

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Take the conversation back from Rasa; it is kept when its answer is ready.

        Raises:
            StoreUnavailable: it is another conversation than the turn's own.
        """
        turn = running.get()
        if turn is None:
            self._in_memory[tracker.sender_id] = tracker
            return
        if turn.broken or tracker.sender_id != turn.conversation_id:
            raise StoreUnavailable
        if tracker.events:
            turn.after = tracker

    async def keys(self) -> Iterable[str]:
        """Return the names of the conversations in memory."""
        return list(self._in_memory)


def _of(conversation_id: str) -> sa.sql.Select:
    return sa.select(turns).where(turns.c.conversation_id == conversation_id)


def _probe(connection: Connection) -> None:
    # Born in 1970: should it ever be left behind, the next sweep takes it.
    name = f"probe-{secrets.token_hex(8)}"
    times = {"created_at": 0, "seen_at": 0, "idle_s": 0}
    row = {"id": name, "version": 1, "last_n": 0, "snapshot": b"probe", **times}
    connection.execute(sa.insert(conversations).values(row))
    query = sa.select(conversations.c.snapshot).where(conversations.c.id == name)
    if connection.scalar(query) != b"probe":
        raise StoreUnavailable
    erase_these([name], connection)
