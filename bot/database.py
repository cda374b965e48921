"""Opens the database of conversations: with limits, and for nobody else to read."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.pool import QueuePool, StaticPool

CONNECTIONS = 8
LOCK_WAIT_MS = 3000


class UnsafeStore(Exception):
    """The database is not fit to hold conversations; the message says why."""


def engine_for(address: str) -> Engine:
    """Return an engine for an address.

    Raises:
        UnsafeStore: it is no database of ours, or others may read its file.
    """
    try:
        url = make_url(address)
    except sa.exc.ArgumentError:
        raise UnsafeStore("the database address cannot be read") from None
    shared = {"future": True, "hide_parameters": True, "pool_timeout": 3}
    if url.get_backend_name() == "postgresql":
        limits = f"-c statement_timeout={LOCK_WAIT_MS} -c lock_timeout={LOCK_WAIT_MS}"
        return sa.create_engine(
            url,
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 3, "options": limits},
            **shared,
        )
    if url.get_backend_name() != "sqlite":
        raise UnsafeStore("the database is neither SQLite nor PostgreSQL")
    arguments = {"check_same_thread": False, "timeout": LOCK_WAIT_MS / 1000}
    if url.database in (None, "", ":memory:"):
        del shared["pool_timeout"]
        pool: dict[str, Any] = {"poolclass": StaticPool}
    else:
        _make_private(Path(str(url.database)))
        pool = {"poolclass": QueuePool, "pool_size": CONNECTIONS, "max_overflow": 0}
    engine = sa.create_engine(url, connect_args=arguments, **pool, **shared)
    sa.event.listen(engine, "connect", _set_pragmas)
    return engine


def _make_private(file: Path) -> None:
    """Make the database file, readable by nobody else, or refuse the one there is."""
    try:
        file.touch(mode=0o600, exist_ok=True)
        mode = stat.S_IMODE(file.stat().st_mode)
    except OSError as error:
        raise UnsafeStore(f"{file} cannot be made: {error.strerror}") from None
    if mode & 0o077:
        raise UnsafeStore(f"{file} can be read by others; run: chmod 600 {file}")


def _set_pragmas(connection: Any, record: Any) -> None:
    cursor = connection.cursor()
    for pragma in (
        "auto_vacuum=FULL",
        "journal_mode=WAL",
        f"busy_timeout={LOCK_WAIT_MS}",
        "secure_delete=ON",
        "trusted_schema=OFF",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
