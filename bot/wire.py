"""Requests as they come in: read in one way only, in reasonable time, and not too many."""

from __future__ import annotations

import asyncio
import resource
from typing import Any

from sanic.exceptions import InvalidUsage, RequestTimeout
from sanic.http import Stage
from sanic.request import Request
from sanic.server.protocols.http_protocol import HttpProtocol

REQUEST_S = 10
SINGLE_HEADERS = (
    "authorization",
    "content-length",
    "content-type",
    "host",
    "origin",
    "transfer-encoding",
)
ROOM_FOR_FILES = 128
NO_ROOM = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nContent-Length: 0\r\n"
    b"Connection: close\r\n\r\n"
)


class StrictRequest(Request):
    """A request that a proxy and we cannot read in two different ways."""

    def __init__(
        self, url_bytes: bytes, headers: Any, *args: Any, **kwargs: Any
    ) -> None:
        """Take the request's head, before any of its body is read.

        Raises:
            InvalidUsage: a header stands twice, or the body has no one length.
        """
        super().__init__(url_bytes, headers, *args, **kwargs)
        doubled = any(len(headers.getall(name, [])) > 1 for name in SINGLE_HEADERS)
        length = headers.get("content-length", "0")
        coding = headers.get("transfer-encoding")
        sized = length.isascii() and length.isdigit() and len(length) < 12
        if coding is not None:
            sized = coding == "chunked" and "content-length" not in headers
        if doubled or not sized:
            raise InvalidUsage("Bad Request")

    async def receive_body(self) -> None:
        """Read the body while it keeps coming in reasonable time.

        Raises:
            RequestTimeout: it does not.
        """
        try:
            await asyncio.wait_for(super().receive_body(), REQUEST_S)
        except asyncio.TimeoutError:
            raise RequestTimeout("Request Timeout") from None


class PatientProtocol(HttpProtocol):
    """HTTP whose clock does not start again with every byte of a slow request.

    Connections beyond what the process may open are turned away, so that some room is
    left for the database: without it no turn could be kept.
    """

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
        if http and http.stage is not Stage.IDLE and began is not None:
            self._time = began
