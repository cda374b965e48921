"""Work on the database: off the event loop, bounded in time, whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.pool import StaticPool

from bot import log
from bot.database import CONNECTIONS, UnsafeStore, engine_for, reason

# Above what the database itself allows one statement, and with what a turn needs
# besides still within five seconds.
CALL_S = 3.5
WRITERS = CONNECTIONS // 2

T = TypeVar("T")


class StoreUnavailable(Exception):
    """The conversation could not be read or kept now; the message is a code at most."""


class StoreConflict(Exception):
    """The conversation has changed, or was erased, since it was read."""


class Database:
    """A database that does one piece of work in one transaction, or none of it."""

    def __init__(self, url: str) -> None:
        """Take its address.

        Raises:
            UnsafeStore: the address is wrong or its file may not be used.
        """
        self.engine, self._file = engine_for(url)
        # SQLite lets one write at a time: whoever waits for that keeps no reader back.
        one = self.engine.dialect.name == "sqlite"
        self._writers = ThreadPoolExecutor(1 if one else WRITERS, "store-write")
        self._readers = ThreadPoolExecutor(CONNECTIONS - WRITERS, "store-read")
        if isinstance(self.engine.pool, StaticPool):
            # A database in memory is one connection, and that has room for one thread.
            self._readers = self._writers

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Return what the work, which changes nothing, finds.

        Raises:
            StoreUnavailable: it could not be done, or not in time.
        """
        return await self._call(self._readers, work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Do the work, all of it or nothing.

        Raises:
            StoreConflict: the tables do not allow it.
            StoreUnavailable: it could not be done, or not in time.
        """
        return await self._call(self._writers, work)

    def close(self) -> None:
        """Let go of the database."""
        for threads in (self._readers, self._writers):
            threads.shutdown(wait=False, cancel_futures=True)
        self.engine.dispose()

    async def _call(self, threads: Executor, work: Callable[[Connection], T]) -> T:
        loop = asyncio.get_running_loop()
        done = loop.run_in_executor(threads, self._transaction, work)
        try:
            return await asyncio.wait_for(asyncio.shield(done), CALL_S)
        except asyncio.TimeoutError:
            done.cancel()  # nobody waits for it: if it has not begun, it never need
            log.event("store.failed", level="error", code="timeout")
            raise StoreUnavailable("timeout") from None

    def _transaction(self, work: Callable[[Connection], T]) -> T:
        try:
            if self._file is not None:
                self._file.check()
            with self.engine.begin() as connection:
                return work(connection)
        except sa.exc.IntegrityError:
            raise StoreConflict from None
        except (sa.exc.SQLAlchemyError, UnsafeStore, TypeError, ValueError) as error:
            # SQL errors can hold values, and what a damaged row holds has any type;
            # whoever looks at this one sees a code.
            name, code = type(error).__name__, reason(error)
            log.event("store.failed", level="error", error=name, code=code)
            raise StoreUnavailable(code) from None
