"""When a conversation is over, and how it leaves the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.database import conversations

BATCH = 500
DAY_S = 24 * 3600
# Sweeps come every minute; what they find this long after its time, they had missed.
LATE_S = 300


@dataclass(frozen=True)
class Limits:
    """How long conversations live, as of now.

    Attributes:
        now: seconds since 1970.
        absolute_s: how long one lives at most; how long unused, it says itself.
    """

    now: float
    absolute_s: int

    def passed(self, row: Any) -> bool:
        """Whether the time of this conversation has passed."""
        last_s = min(row.seen_at + row.idle_s, row.created_at + self.absolute_s)
        return bool(last_s < int(self.now))

    def over(self, since_s: int = 0) -> Any:
        """Return the condition that a conversation's time passed this long ago."""
        then = int(self.now) - since_s
        return sa.or_(
            conversations.c.seen_at + conversations.c.idle_s < then,
            conversations.c.created_at < then - self.absolute_s,
        )

    def overdue(self, connection: Connection) -> dict[str, int]:
        """Return how many conversations there are that should not be, by what is wrong.

        "future" means that a clock was set back: they would live longer than they may.
        """
        wrong = {
            "late": self.over(LATE_S),
            "day": conversations.c.created_at < int(self.now) - DAY_S,
            "future": conversations.c.created_at > int(self.now) + LATE_S,
        }
        counts = [
            sa.func.count().filter(each).label(why) for why, each in wrong.items()
        ]
        query = sa.select(*counts).select_from(conversations)
        found = connection.execute(query).mappings().one()
        return {why: int(found[why]) for why in wrong}

    def erase_some(self, connection: Connection) -> int:
        """Erase some of what is over, and say how many; none means that all is gone."""
        over = self.over()
        some = sa.select(conversations.c.id).where(over).limit(BATCH)
        # Other processes sweep too. The condition stands twice, because one whose
        # person has come back in between is not over.
        batch = conversations.c.id.in_(some.with_for_update(skip_locked=True))
        return _erase(connection, sa.and_(batch, over))


def erase_these(ids: list[str], connection: Connection) -> int:
    """Erase conversations by name, and say how many there were."""
    return _erase(connection, conversations.c.id.in_(ids))


def flush_journal(connection: Connection) -> bool:
    """Empty SQLite's journal, so that what was erased is not in that file either.

    Returns:
        Whether it is empty now; while others read or write it, it cannot be.
    """
    if connection.dialect.name != "sqlite":
        return True
    busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    return not busy


def _erase(connection: Connection, which: Any) -> int:
    # The answers go with their conversation: the tables say so.
    return int(connection.execute(sa.delete(conversations).where(which)).rowcount)
