"""Opens the database of conversations: with limits, and for nobody else to read."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.pool import QueuePool, StaticPool

CONNECTIONS = 8  # of one process, half of them for writing
WAIT_MS = 3000
PRIVATE = 0o600
# The number of the lock under which PostgreSQL's tables are made; any will do.
MAKING_TABLES = 0x46437430

metadata = sa.MetaData()

conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("last_n", sa.Integer, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("seen_at", sa.BigInteger, nullable=False),
    sa.Column("idle_s", sa.Integer, nullable=False),
    sa.Column("snapshot", sa.LargeBinary, nullable=False),
)
turns = sa.Table(
    "turns",
    metadata,
    # The database itself sees to it that no answer outlives its conversation.
    sa.Column(
        "conversation_id",
        sa.ForeignKey(conversations.c.id, ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("n", sa.Integer, primary_key=True),
    sa.Column("tag", sa.String(32), nullable=False),
    sa.Column("answer", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("conversation_id", "tag"),
)


class UnsafeStore(Exception):
    """The database is not fit to hold conversations; the message says why.

    Attributes:
        code: the same for the log.
    """

    def __init__(self, message: str, code: str = "address") -> None:
        """Take what an operator is told, and the code for it."""
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class PrivateFile:
    """The database's file: for nobody else to read, and the one that was opened.

    SQLite goes on writing into a file that was taken away, and what it keeps there
    ends with the process.

    Attributes:
        path: where it is.
        identity: which file it is, whatever it is called.
    """

    path: Path
    identity: tuple[int, int]

    @classmethod
    def made_at(cls, path: Path) -> PrivateFile:
        """Return the file, made if there is none.

        Raises:
            UnsafeStore: it cannot be made, or may not be used.
        """
        try:
            path.touch(mode=PRIVATE, exist_ok=True)
        except OSError as error:
            why = f"{path} cannot be made: {error.strerror}"
            raise UnsafeStore(why, "file_missing") from None
        return cls._found_at(path)

    def check(self) -> None:
        """Do nothing when the file is as it was.

        Raises:
            UnsafeStore: it is gone, is another, or may not be used.
        """
        if self._found_at(self.path).identity != self.identity:
            why = f"{self.path} is another file than the one opened"
            raise UnsafeStore(why, "file_replaced")

    @classmethod
    def _found_at(cls, path: Path) -> PrivateFile:
        try:
            found = path.stat()
        except OSError as error:
            why = f"{path} cannot be used: {error.strerror}"
            raise UnsafeStore(why, "file_missing") from None
        mode = stat.S_IMODE(found.st_mode)
        if mode & 0o077:
            why = f"{path} can be read by others; run: chmod 600 {path}"
            raise UnsafeStore(why, "file_shared")
        if mode & PRIVATE != PRIVATE:
            why = f"{path} cannot be written; run: chmod 600 {path}"
            raise UnsafeStore(why, "file_read_only")
        return cls(path, (found.st_dev, found.st_ino))


def engine_for(address: str) -> tuple[Engine, PrivateFile | None]:
    """Return an engine for an address, and the file behind it if there is one.

    Raises:
        UnsafeStore: it is no database of ours, or its file may not be used.
    """
    try:
        url = make_url(address)
    except sa.exc.ArgumentError:
        raise UnsafeStore("the database address cannot be read") from None
    shared = {"future": True, "hide_parameters": True, "pool_timeout": WAIT_MS / 1000}
    if url.get_backend_name() == "postgresql":
        pool = {"pool_size": CONNECTIONS, "max_overflow": 0, "pool_pre_ping": True}
        limits = postgresql_limits()
        return sa.create_engine(url, connect_args=limits, **pool, **shared), None
    if url.get_backend_name() != "sqlite":
        raise UnsafeStore("the database is neither SQLite nor PostgreSQL")
    file = None
    if url.database in (None, "", ":memory:"):
        del shared["pool_timeout"]
        shared["poolclass"] = StaticPool
    else:
        file = PrivateFile.made_at(Path(str(url.database)))
        shared.update(poolclass=QueuePool, pool_size=CONNECTIONS, max_overflow=0)
    arguments = {"check_same_thread": False, "timeout": WAIT_MS / 1000}
    engine = sa.create_engine(url, connect_args=arguments, **shared)
    sa.event.listen(engine, "connect", _set_pragmas)
    return engine, file


def postgresql_limits() -> dict[str, Any]:
    """Return how long a connection waits: for the server, a statement, a lost line."""
    waits = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    return {
        "connect_timeout": WAIT_MS // 1000,
        "options": " ".join(f"-c {name}={WAIT_MS}" for name in waits),
        "keepalives_idle": 1,
        "keepalives_interval": 1,
        "keepalives_count": 3,
        "tcp_user_timeout": WAIT_MS,
    }


def make_tables(connection: Connection) -> None:
    """Make the tables that are missing; processes that start together take turns."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MAKING_TABLES)))
    metadata.create_all(connection)


def reason(error: Exception) -> str:
    """Return the code of an error, ours or the database's own, which holds no words."""
    if isinstance(error, UnsafeStore):
        return error.code
    began = getattr(error, "orig", None)
    code = getattr(began, "sqlite_errorname", None) or getattr(began, "pgcode", None)
    return str(code or type(error).__name__)


def _set_pragmas(connection: Any, record: Any) -> None:
    cursor = connection.cursor()
    for pragma in (
        "auto_vacuum=FULL",
        "journal_mode=WAL",
        f"busy_timeout={WAIT_MS}",
        "secure_delete=ON",
        "trusted_schema=OFF",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
