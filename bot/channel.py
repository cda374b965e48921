"""The web chat: HTTP in front of the reception, and nothing else.

A Rasa input channel, so that Rasa can load it; who is speaking comes from the token
alone, and nothing in a body can change it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from typing import Any
from urllib.parse import unquote

from rasa.core.channels.channel import InputChannel
from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse

from bot import log
from bot.answering import CHANNEL, Answer
from bot.assembly import Assistant, assemble
from bot.gate import (
    LARGEST_BODY,
    Unacceptable,
    parse_message,
    parse_nothing,
    parse_opening,
)
from bot.knowledge import loaded
from bot.parts import Part
from bot.refusals import REFUSALS, Refused, help_contacts
from bot.session import ServerKey, looks_like_token
from bot.settings import Settings

PREFIX = "/chat"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "authorization, content-type",
    "Access-Control-Max-Age": "600",
}

Handler = Callable[[Request], Awaitable[HTTPResponse]]


class WebChat(InputChannel):
    """The channel that people talk to, over HTTP requests and answers."""

    def __init__(
        self,
        assistant: Assistant | None,
        contacts: Sequence[dict[str, str]],
        origins: Sequence[str] = (),
    ) -> None:
        """Take what answers.

        Args:
            assistant: put together, or None to do that when the server has started.
            contacts: who can help when there is no answer.
            origins: other addresses whose pages may call and read the answers.
        """
        self.assistant = assistant
        self._contacts = list(contacts)
        self._shared_with = frozenset(origins)

    @classmethod
    def name(cls) -> str:
        """Return the name under which messages arrive."""
        return CHANNEL

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> WebChat:
        """Return the channel as `rasa run` makes it; its settings are ours."""
        settings = Settings.from_env(os.environ)
        return cls(None, help_contacts(loaded(settings.force)), settings.origins)

    def url_prefix(self) -> str:
        """Return where the routes begin."""
        return PREFIX

    def blueprint(self, on_new_message: Callable[..., Awaitable[Any]]) -> Blueprint:
        """Return the routes; `on_new_message` lets Rasa answer."""
        chat = Blueprint("web_chat", strict_slashes=True)
        chat.add_route(self._handled(self.open), "/session", methods=["POST"])
        chat.add_route(self._handled(self.send), "/messages", methods=["POST"])
        chat.add_route(self._handled(self.since), "/messages", methods=["GET"])
        chat.add_route(self._handled(self.end), "/end", methods=["POST"])
        for path in ("/session", "/messages", "/end"):
            name = f"preflight_{path[1:]}"
            chat.add_route(
                self._handled(self.preflight), path, methods=["OPTIONS"], name=name
            )

        async def start(app: Sanic, _: Any) -> None:
            if self.assistant is None:
                settings = Settings.from_env(os.environ)
                keys = [ServerKey.from_text(key) for key in settings.session_keys]
                assistant = assemble(settings, app.ctx.agent, keys, on_new_message)
                await assistant.start()
                self.assistant = assistant

        chat.listener("after_server_start")(start)
        return chat

    async def open(self, request: Request) -> HTTPResponse:
        """Start a conversation."""
        origin = self._checked(request)
        keep = parse_opening(request.body)
        opened = await self._reception.open(self._address(request), origin, keep=keep)
        body = {
            "token": opened.token,
            "idle_s": opened.idle_s,
            "messages": opened.messages,
        }
        return self._json(request, body, 201)

    async def send(self, request: Request) -> HTTPResponse:
        """Answer a message."""
        origin = self._checked(request)
        session = self._reception.session(_token(request), origin)
        message = parse_message(request.body)
        answer = await self._reception.send(session, self._address(request), message)
        body: dict[str, Any] = {"n": answer.n, "messages": answer.messages}
        if answer.restore:
            body["restore"] = answer.restore
        return self._json(request, body)

    async def since(self, request: Request) -> HTTPResponse:
        """Return the answers since a number, for a browser that lost them."""
        _refuse_misplaced(request)
        origin = request.headers.get("origin")
        if origin is not None:
            self._reception.check_origin(origin)
        n = _after(request)
        session = self._reception.session(_token(request), origin)
        answers: list[Answer] = await self._reception.since(
            session, self._address(request), n
        )
        parts = [part for answer in answers for part in answer.messages]
        last = answers[-1].n if answers else n
        return self._json(request, {"n": last, "messages": parts})

    async def end(self, request: Request) -> HTTPResponse:
        """Erase a conversation."""
        origin = self._checked(request)
        session = self._reception.session(_token(request), origin)
        parse_nothing(request.body)
        await self._reception.end(session, self._address(request))
        return HTTPResponse(status=204, headers=self._headers(request))

    async def preflight(self, request: Request) -> HTTPResponse:
        """Tell a browser that a page of ours on another address may call."""
        if request.headers.get("origin") not in self._shared_with:
            raise Refused("origin")
        return HTTPResponse(status=204, headers={**self._headers(request), **PREFLIGHT})

    def refusal(self, request: Request, refused: Refused) -> HTTPResponse:
        """Return the answer that is none: why in kind words, and who can help."""
        self._count(request, refused.code)
        meant = REFUSALS[refused.code]
        body: dict[str, Any] = {
            "error": refused.code,
            "say": meant.say,
            "help": self._contacts,
        }
        if refused.messages:
            body["messages"] = refused.messages
        if refused.missing is not None:
            body["missing"] = refused.missing
        answer = self._json(request, body, meant.status)
        if refused.retry_after_s is not None:
            answer.headers["Retry-After"] = str(refused.retry_after_s)
        return answer

    @property
    def _reception(self) -> Any:
        if self.assistant is None:
            raise Refused("not_ready", retry_after_s=2)
        return self.assistant.reception

    def _handled(self, handler: Handler) -> Handler:
        """Return a handler that always answers, and never with a person's words."""

        @wraps(handler)
        async def answering(request: Request) -> HTTPResponse:
            try:
                return await handler(request)
            except Refused as refused:
                return self.refusal(request, refused)
            except Unacceptable as error:
                heard = self._in_danger(error.text)
                return self.refusal(request, Refused(error.code, messages=heard))
            except Exception as error:
                name = type(error).__name__
                log.event("request.failed", level="error", error=name)
                return self.refusal(request, Refused("not_kept", retry_after_s=1))

        return answering

    def _in_danger(self, text: str) -> Sequence[Part]:
        return self.assistant.reception.in_danger(text) if self.assistant else ()

    def _checked(self, request: Request) -> str:
        """Return the page that calls, if the request is one that may change things."""
        _refuse_misplaced(request)
        origin = str(request.headers.get("origin", ""))
        self._reception.check_origin(origin)
        sort = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if sort != "application/json" or "content-encoding" in request.headers:
            raise Refused("content_type")
        if request.query_string:
            raise Refused("token_place")
        if len(request.body) > LARGEST_BODY:
            raise Refused("too_large")
        return origin

    def _address(self, request: Request) -> str:
        """Return the caller's name for counting."""
        if self.assistant is None:
            raise Refused("not_ready", retry_after_s=2)
        forwarded = request.headers.getall("x-forwarded-for", [])
        return self.assistant.addresses.name(request.ip, forwarded)

    def _count(self, request: Request, code: str) -> None:
        if self.assistant is not None:
            self.assistant.metrics.failure(self._address(request), code)

    def _json(self, request: Request, body: Any, status: int = 200) -> HTTPResponse:
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        headers = self._headers(request)
        return HTTPResponse(text, status, headers, "application/json")

    def _headers(self, request: Request) -> dict[str, str]:
        origin = request.headers.get("origin")
        if origin not in self._shared_with:
            return dict(HEADERS)
        return {**HEADERS, "Access-Control-Allow-Origin": origin, "Vary": "Origin"}


def _refuse_misplaced(request: Request) -> None:
    """Refuse a token in a place where others keep it: the address or a cookie."""
    words = unquote(request.query_string).replace("&", "=").split("=")
    for cookie in request.headers.getall("cookie", []):
        words += [word.strip(' "') for word in cookie.replace(";", "=").split("=")]
    if any(looks_like_token(word) for word in words):
        raise Refused("token_place")


def _token(request: Request) -> str:
    """Return the token from the one header it may come in."""
    scheme, _, token = str(request.headers.get("authorization", "")).partition(" ")
    if scheme.lower() != "bearer":
        raise Refused("session")
    return token


def _after(request: Request) -> int:
    """Return the number in `?after=n`, the one query there is."""
    name, _, number = request.query_string.partition("=")
    digits = number.isascii() and number.isdigit() and len(number) < 8
    if name != "after" or not digits:
        raise Refused("bad_request")
    return int(number)
