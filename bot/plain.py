"""The same conversation as ordinary pages and forms, for browsers without JavaScript.

No header can be set by a form, so the page carries a ticket in a hidden field: the
token, sealed by us, good for as long as a quiet chat lives and for this page alone.
It is never in an address, and nothing but this page takes it.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import uuid
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl

from jinja2 import Environment
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse

from bot import log
from bot.assembly import Assistant
from bot.gate import CHOICE, LARGEST_BODY, Message, Unacceptable, clean
from bot.masking import is_masked, restored
from bot.pages import PLAIN, english, page_headers, render
from bot.parts import Part
from bot.reception import TAB_IDLE_S
from bot.refusals import REFUSALS, Refusal, Refused
from bot.sealing import Damaged, seal, unseal
from bot.session import ServerKey

PATH = "/plain"
PLACE = "plain"
FORM = "application/x-www-form-urlencoded"
# A form takes the longest message there may be beside the ticket; what is too much for
# it is shown as tokens.
MOST_RESTORED = 6000
FIELDS = frozenset(("ticket", "text", "choice", "start", "send", "end"))
HEADERS = {
    **page_headers(PLAIN),
    # With no referrer at all a browser does not say either where a form came from.
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True)
class Ticket:
    """What one page carries: whose conversation it is, and which message comes next.

    Attributes:
        token: of the conversation.
        n: of the next message.
        nonce: makes the message's id one of a kind.
        restore: the person's own words behind the tokens in what they are shown.
    """

    token: str = field(repr=False)
    n: int
    nonce: str
    restore: Mapping[str, str] = field(default_factory=dict, repr=False)

    def message_id(self, kind: str, value: str) -> str:
        """Return the same id for the same words, so that a form sent twice is one."""
        said = f"{self.nonce}/{self.n}/{kind}/{value}".encode()
        return str(uuid.UUID(bytes=hashlib.sha256(said).digest()[:16]))


@dataclass(frozen=True)
class Shown:
    """What a page shows.

    Attributes:
        ticket: for the next message; None before the chat and after it.
        said: what the person said last, as they see it.
        messages: parts of the answer.
        text: what they wrote and what is not sent.
        problem: why it was not, in kind words.
        contacts: who can help all the same.
        ended: whether the chat was erased, and the person wants to be elsewhere.
    """

    ticket: Ticket | None = None
    said: str = ""
    messages: Sequence[Part] = ()
    text: str = ""
    problem: str = ""
    contacts: Sequence[Mapping[str, str]] = ()
    ended: bool = False

    @property
    def is_masked(self) -> bool:
        """Whether tokens are left that the page has no words for."""
        return is_masked(self.messages)


class PlainChat:
    """Talks to the reception on behalf of somebody who has forms alone."""

    def __init__(
        self,
        assistant: Assistant,
        templates: Environment,
        contacts: Sequence[Mapping[str, str]],
        keys: Sequence[ServerKey],
    ) -> None:
        """Take what answers, the page, who can help, and the keys of the tickets.

        The first one seals them; the others still open what they have sealed.

        Raises:
            PageError: the page cannot be made.
        """
        self._assistant, self._templates = assistant, templates
        self._contacts, self._words = contacts, english()
        place = PLACE.encode()
        self._keys = [hmac.digest(k.sealing, place, hashlib.sha256) for k in keys]
        self._page(Shown())  # a page that cannot be made stops the start

    def blueprint(self) -> Blueprint:
        """Return the routes."""
        plain = Blueprint("plain", strict_slashes=True)
        plain.add_route(self._handled(self.begin), PATH, methods=["GET", "HEAD"])
        name = "plain_form"
        plain.add_route(self._handled(self.hear), PATH, methods=["POST"], name=name)
        return plain

    async def begin(self, request: Request) -> HTTPResponse:
        """Show the page before the chat."""
        return self._page(Shown())

    async def hear(self, request: Request) -> HTTPResponse:
        """Take a form."""
        origin, given = self._checked(request)
        address = self._address(request)
        text = given.get("text", "")
        if "start" in given:
            return await self._open(address, origin, text)
        try:
            return await self._go_on(address, origin, given)
        except Refused as refused:
            if refused.code != "session":
                raise
            meant = self._refusal(address, "session")
            shown = Shown(text=text, problem=meant.say)
            return self._page(replace(shown, contacts=self._contacts), meant.status)

    async def _go_on(
        self, address: str, origin: str, given: Mapping[str, str]
    ) -> HTTPResponse:
        """Answer in a conversation, or end it.

        Raises:
            Refused: there is no such conversation.
        """
        ticket = self._ticket(given.get("ticket", ""))
        reception = self._assistant.reception
        session = reception.session(ticket.token, origin)
        if "end" in given:
            await reception.end(session, address)
            return self._page(Shown(ended=True))
        try:
            message = _message(ticket, given)
            answer = await reception.send(session, address, message)
        except (Refused, Unacceptable) as problem:
            if problem.code == "session":
                raise
            meant = self._refusal(address, problem.code)
            return self._again(ticket, given, problem, meant)
        restore = _newest({**answer.restore, **ticket.restore})
        following = Ticket(ticket.token, answer.n + 1, uuid.uuid4().hex, restore)
        said = message.text or _label(given)
        return self._page(Shown(following, said, restored(answer.messages, restore)))

    async def _open(self, address: str, origin: str, text: str) -> HTTPResponse:
        # Leaving by a link tells us nothing, so these chats live a shorter time.
        opened = await self._assistant.reception.open(address, origin, keep="tab")
        ticket = Ticket(opened.token, 1, uuid.uuid4().hex)
        return self._page(Shown(ticket, messages=opened.messages, text=text))

    def _again(
        self,
        ticket: Ticket,
        given: Mapping[str, str],
        problem: Refused | Unacceptable,
        meant: Refusal,
    ) -> HTTPResponse:
        """Show the page again, with what was written and why it was not answered."""
        messages: Sequence[Part] = ()
        if isinstance(problem, Refused):
            messages = problem.messages
            if problem.missing is not None:
                ticket = replace(ticket, n=problem.missing)
        else:
            messages = self._assistant.reception.in_danger(problem.text)
        text = given.get("text", "")
        shown = Shown(ticket, "", messages, text, meant.say, self._contacts)
        return self._page(shown, meant.status)

    def _ticket(self, text: str) -> Ticket:
        """Return the ticket a page carried.

        Raises:
            Refused: it is not one of ours, or is too old.
        """
        try:
            sealed = b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        except ValueError:
            raise Refused("session") from None
        if urlsafe_b64encode(sealed).decode() != text:
            raise Refused("session")  # the same ticket, written in another way
        given = self._opened(sealed)
        if not 0 <= self._assistant.clock() - given["at"] <= TAB_IDLE_S:
            raise Refused("session")
        return Ticket(given["token"], given["n"], given["nonce"], given["restore"])

    def _opened(self, sealed: bytes) -> Mapping[str, Any]:
        for key in self._keys:
            with contextlib.suppress(Damaged):
                found: Mapping[str, Any] = unseal(key, PLACE, sealed)
                return found
        raise Refused("session")

    def _sealed(self, ticket: Ticket) -> str:
        at = int(self._assistant.clock())
        value = {
            "token": ticket.token,
            "n": ticket.n,
            "nonce": ticket.nonce,
            "restore": dict(ticket.restore),
            "at": at,
        }
        return urlsafe_b64encode(seal(self._keys[0], PLACE, value)).decode()

    def _page(self, shown: Shown, status: int = 200) -> HTTPResponse:
        text = render(
            self._templates,
            "plain.html",
            self._words,
            shown=shown,
            ticket=self._sealed(shown.ticket) if shown.ticket else "",
            minutes=TAB_IDLE_S // 60,
        )
        headers = dict(HEADERS)
        return HTTPResponse(text, status, headers, headers.pop("Content-Type"))

    def _address(self, request: Request) -> str:
        """Return the caller's name for counting."""
        forwarded = request.headers.getall("x-forwarded-for", [])
        return self._assistant.addresses.name(request.ip, forwarded)

    def _refusal(self, address: str, code: str) -> Refusal:
        """Return what a refusal says, once it is counted."""
        self._assistant.metrics.failure(address, code)
        return REFUSALS[code]

    def _checked(self, request: Request) -> tuple[str, Mapping[str, str]]:
        """Return where a form came from, and its fields.

        Raises:
            Refused: it is no form of ours.
        """
        origin = str(request.headers.get("origin", ""))
        self._assistant.reception.check_origin(origin)
        sort = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if sort != FORM or "content-encoding" in request.headers:
            raise Refused("content_type")
        if request.query_string:
            raise Refused("token_place")
        if len(request.body) > LARGEST_BODY:
            raise Refused("too_large")
        try:
            body = request.body.decode("ascii")
            pairs = parse_qsl(
                body, keep_blank_values=True, errors="strict", max_num_fields=8
            )
        except ValueError:
            raise Refused("bad_request") from None
        given = dict(pairs)
        if len(given) != len(pairs) or set(given) - FIELDS:
            raise Refused("bad_request")
        return origin, given

    def _handled(
        self, handler: Callable[[Request], Awaitable[HTTPResponse]]
    ) -> Callable[[Request], Awaitable[HTTPResponse]]:
        """Return a handler that always answers with a page, and who can help on it."""

        @wraps(handler)
        async def answering(request: Request) -> HTTPResponse:
            try:
                return await handler(request)
            except Refused as refused:
                meant = self._refusal(self._address(request), refused.code)
                shown = Shown(problem=meant.say, contacts=self._contacts)
                return self._page(shown, meant.status)
            except Exception as error:
                log.event("request.failed", level="error", error=type(error).__name__)
                meant = self._refusal(self._address(request), "not_kept")
                shown = Shown(problem=meant.say, contacts=self._contacts)
                return self._page(shown, meant.status)

        return answering


def _message(ticket: Ticket, given: Mapping[str, str]) -> Message:
    """Return the message a form holds.

    Raises:
        Unacceptable: there is none, or it cannot be taken.
    """
    chosen = given.get("choice")
    if chosen is None:
        text = clean(given.get("text", ""))
        return Message(ticket.message_id("text", text), ticket.n, text=text)
    # What a button says travels with it, so that the next page can show what was said.
    name = chosen.partition(" ")[0]
    if not CHOICE.fullmatch(name):
        raise Unacceptable("choice")
    return Message(ticket.message_id("choice", name), ticket.n, choice=name)


def _label(given: Mapping[str, str]) -> str:
    return given.get("choice", "").partition(" ")[2][:200]


def _newest(restore: Mapping[str, str]) -> dict[str, str]:
    """Return as many of the words behind tokens as a page may carry."""
    kept: dict[str, str] = {}
    room = MOST_RESTORED
    for token, words in restore.items():
        room -= len(json.dumps([token, words]))
        if room < 0:
            break
        kept[token] = words
    return kept
