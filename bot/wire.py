"""HTTP as we take it: read in one way alone, in reasonable time, and not too much of it.

Sanic's parser forgives what a proxy in front of us may read otherwise: a space before
a colon, a folded line, a piece of a body that says its own length. Whoever can make the
two disagree can hide a second request in a first one.
"""

from __future__ import annotations

import asyncio
import re
import resource
import time
from typing import Any

from sanic.exceptions import InvalidUsage, RequestTimeout
from sanic.http import Http, Stage
from sanic.request import Request
from sanic.server.protocols.http_protocol import HttpProtocol

REQUEST_S = 10.0
LEAST_BODY_S = 1.0
MOST_HEADERS = 100
SINGLE_HEADERS = ("authorization", "content-length", "content-type", "host", "origin")
# Chunked bodies: a browser sends a length, and so does a proxy that buffers.
# Upgrade: Sanic takes its clocks off a connection that asks for a web socket.
UNUSED_HEADERS = ("transfer-encoding", "upgrade")
UNREADABLE = "NONE"  # the method Sanic gives a request whose head it could not read
ROOM_FOR_FILES = 128
NO_ROOM = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nContent-Length: 0\r\n"
    b"Connection: close\r\n\r\n"
)
_NAME = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_VALUE = rb"[\t\x20-\x7e\x80-\xff]*"
HEAD = re.compile(
    rb"[A-Z]{1,16} /[\x21\x22\x24-\x7e]* HTTP/1\.[01](?:\r\n"
    + _NAME
    + b":"
    + _VALUE
    + b")*"
)
HOST = re.compile(r"(?:[0-9A-Za-z._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


class StrictRequest(Request):
    """A request that a proxy and we cannot read in two different ways."""

    def __init__(
        self,
        url_bytes: bytes,
        headers: Any,
        *args: Any,
        head: bytes = b"",
        **kwargs: Any,
    ) -> None:
        """Take the request's head, before any of its body is read.

        Raises:
            InvalidUsage: it is not written as the standard has it, or is of a kind
                that no browser of ours sends.
        """
        # Without a head it is what Sanic makes up to answer one that it could not read.
        if head and not _is_plain(head, headers):
            raise InvalidUsage("Bad Request")
        super().__init__(url_bytes, headers, *args, head=head, **kwargs)

    async def receive_body(self) -> None:
        """Read the body while it keeps coming in reasonable time.

        Raises:
            RequestTimeout: it does not.
        """
        left_s = REQUEST_S - (time.monotonic() - self.stream.protocol.began)
        try:
            await asyncio.wait_for(super().receive_body(), max(left_s, LEAST_BODY_S))
        except asyncio.TimeoutError:
            self.stream.request_body, self.stream.keep_alive = None, False
            raise RequestTimeout("Request Timeout") from None


class _SteadyHttp(Http):
    """Sanic's HTTP, able to answer also when the address cannot be read."""

    def create_empty_request(self) -> None:
        """Make up a request to answer, from nothing that was sent."""
        self.url = None
        super().create_empty_request()


class PatientProtocol(HttpProtocol):
    """HTTP whose clock does not start again with every byte of a slow request.

    Connections beyond what the process may open are turned away, so that some room is
    left for the database: without it no turn could be kept.
    """

    @property
    def began(self) -> float:
        """When the request that is being read began to come in."""
        return float(self._time)

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Take a connection, if there is room for one more."""
        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if len(self.connections) < most - ROOM_FOR_FILES:
            super().connection_made(transport)
            return
        transport.write(NO_ROOM)
        transport.close()

    def data_received(self, data: bytes) -> None:
        """Take some bytes."""
        http = getattr(self, "_http", None)  # set when the connection's task runs
        began: float | None = getattr(self, "_time", None)
        super().data_received(data)
        # Not `if http`: that asks Sanic whether it is answering, not whether it is there.
        if http is None or began is None:
            return
        # A body that is read and thrown away after a refusal is no new request.
        if http.stage is not Stage.IDLE or getattr(http, "request_body", None):
            self._time = began

    def _setup_connection(self) -> None:
        super()._setup_connection()
        self._http = _SteadyHttp(self)


def _is_plain(head: bytes, headers: Any) -> bool:
    """Whether a head is what a browser sends, written as the standard has it."""
    if HEAD.fullmatch(head) is None or len(headers) > MOST_HEADERS:
        return False
    if any(len(headers.getall(name, [])) > 1 for name in SINGLE_HEADERS):
        return False
    if any(name in headers for name in UNUSED_HEADERS):
        return False
    length, host = headers.get("content-length", "0"), headers.get("host")
    sized = length.isascii() and length.isdigit() and len(length) < 12
    # HTTP/1.0, which health checks speak, knows no Host.
    named = HOST.fullmatch(host) if host else head.partition(b"\r\n")[0][-1:] == b"0"
    return bool(sized and named)
