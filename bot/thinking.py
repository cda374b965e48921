"""A thread in which Rasa thinks, so that reading a message keeps nobody else waiting.

Rasa reads, decides and speaks on the event loop that calls it, and holds that loop
while it reads. Here it has a loop of its own: the service goes on to answer questions
of health, to refuse and to help, and a turn that takes too long is ended in time.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import UserMessage


class ThinkingThread:
    """Lets Rasa answer messages in one thread, one after the other."""

    def __init__(self, converse: Callable[[UserMessage], Awaitable[Any]]) -> None:
        """Take what answers a message; the thread ends with the process at the latest."""
        self._converse = converse
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="thinking", daemon=True)
        self._thread.start()

    async def __call__(self, message: UserMessage) -> Any:
        """Answer a message; what the caller's context holds is there in the thread."""
        thought = asyncio.run_coroutine_threadsafe(self._think(message), self._loop)
        return await asyncio.wrap_future(thought)

    def stop(self) -> None:
        """Take no more messages; what is still being read is left to itself."""
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _think(self, message: UserMessage) -> Any:
        return await self._converse(message)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
