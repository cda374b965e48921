"""How a person talks to either assistant over HTTP, and what counts as an answer."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import aiohttp

ANSWER_S = 60.0
# How often somebody tries again who is told at the door that it is full.
TRIES = 20


class NoAnswer(Exception):
    """There was no answer; the message says what came instead."""


@dataclass
class Heard:
    """What came back.

    Attributes:
        turns: when each message that was answered was sent, and when the answer came.
        failures: what came instead of an answer, and how often.
        empty: answers that say nothing.
        greetings: the same of each conversation begun: asked for, and greeted.
        waited: how often the door was full and somebody came again.
    """

    turns: list[tuple[float, float]] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    empty: int = 0
    greetings: list[tuple[float, float]] = field(default_factory=list)
    waited: int = 0


class Talk(Protocol):
    """One conversation with an assistant."""

    async def begin(self) -> None:
        """Begin it, if the assistant wants that."""

    async def say(self, text: str) -> bool:
        """Send a message, and say whether the answer has words.

        Raises:
            NoAnswer: there is none.
        """


class OurTalk:
    """A conversation with First Contact, by its HTTP contract."""

    def __init__(
        self, http: aiohttp.ClientSession, base: str, address: str, heard: Heard
    ) -> None:
        """Take the service, and the address the person comes from."""
        self._http, self._base, self._heard = http, base, heard
        self._headers = {"Origin": base, "X-Forwarded-For": address}
        self._n = 0

    async def begin(self) -> None:
        """Open a session; whoever finds the door full comes again."""
        begun = time.monotonic()
        for _ in range(TRIES):
            status, body = await self._post("/chat/session", {})
            if status == 201:
                self._headers["Authorization"] = f"Bearer {body['token']}"
                self._heard.greetings.append((begun, time.monotonic()))
                return
            if status != 503:
                break
            self._heard.waited += 1
            await asyncio.sleep(0.5)
        raise NoAnswer(f"session {status} {_code(body)}")

    async def say(self, text: str) -> bool:
        """Send a message, and say whether the answer has words."""
        self._n += 1
        message = {"id": str(uuid.uuid4()), "n": self._n, "kind": "text", "text": text}
        status, body = await self._post("/chat/messages", message)
        if status != 200:
            raise NoAnswer(f"{status} {_code(body)}")
        return _has_words(body.get("messages") if isinstance(body, dict) else None)

    async def _post(self, path: str, value: Any) -> tuple[int, Any]:
        return await _posted(self._http, self._base + path, value, self._headers)


class StockTalk:
    """A conversation with Rasa's starter bot, by its REST channel."""

    def __init__(self, http: aiohttp.ClientSession, base: str) -> None:
        """Take the service; the name of who speaks is made here, as REST wants it."""
        self._http, self._url = http, f"{base}/webhooks/rest/webhook"
        self._sender = uuid.uuid4().hex

    async def begin(self) -> None:
        """Do nothing: it begins with the first message."""

    async def say(self, text: str) -> bool:
        """Send a message, and say whether the answer has words."""
        message = {"sender": self._sender, "message": text}
        status, body = await _posted(self._http, self._url, message, {})
        if status != 200:
            raise NoAnswer(f"{status} {_code(body)}")
        return _has_words(body)


def talk_with(
    kind: str, http: aiohttp.ClientSession, base: str, address: str, heard: Heard
) -> Talk:
    """Return a new conversation with "ours" or the "stock" assistant."""
    if kind == "stock":
        return StockTalk(http, base)
    return OurTalk(http, base, address, heard)


def client() -> aiohttp.ClientSession:
    """Return what sends; as many connections as there are people."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=ANSWER_S),
    )


async def connect(http: aiohttp.ClientSession, kind: str, base: str) -> None:
    """Open a connection that stays open, as a proxy's would, before anybody talks.

    A server that is busy takes new connections so slowly that some of the people would
    never be heard.
    """
    path = "/" if kind == "stock" else "/live"
    with contextlib.suppress(aiohttp.ClientError, asyncio.TimeoutError):
        async with http.get(base + path) as answer:
            await answer.read()


async def hold(
    talk: Talk,
    texts: Sequence[str],
    heard: Heard,
    is_over: Callable[[], bool] = lambda: False,
) -> None:
    """Hold a conversation to its end, or until there is no answer or no more time."""
    try:
        await talk.begin()
        for text in texts:
            if is_over():
                return
            begun = time.monotonic()
            says = await talk.say(text)
            heard.turns.append((begun, time.monotonic()))
            heard.empty += not says
    except NoAnswer as error:
        heard.failures[str(error)] += 1
    except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
        heard.failures[type(error).__name__] += 1


async def _posted(
    http: aiohttp.ClientSession, url: str, value: Any, headers: dict[str, str]
) -> tuple[int, Any]:
    async with http.post(url, json=value, headers=headers) as answer:
        try:
            return answer.status, await answer.json(content_type=None)
        except ValueError:
            return answer.status, None


def _has_words(parts: Any) -> bool:
    if not isinstance(parts, list):
        raise NoAnswer("no list of parts")
    return any(isinstance(part, dict) and part.get("text") for part in parts)


def _code(body: Any) -> str:
    return str(body.get("error", "")) if isinstance(body, dict) else ""
