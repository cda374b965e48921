"""A service that says what a test wants, and fails how a test wants.

It serves the real pages with the real headers; only the conversation is made up. The
real service has its own tests; this one is for what a browser does with any service.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from browser.script import GREETING, REPLIES, RESTORE

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
HELP = [{"name": "Emergency", "contact": "999", "href": "tel:999"}]


def error(code: str, say: str) -> dict[str, Any]:
    """Return an error object of the contract."""
    return {"error": code, "say": say, "help": HELP}


@dataclass
class Fault:
    """What goes wrong with one call.

    Attributes:
        status, body: the answer; the usual one when the status is 0.
        headers: beside it.
        wait_s: how long it takes before anything is answered.
        cut: close the connection in the middle of the answer.
    """

    status: int = 0
    body: Any = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    wait_s: float = 0
    cut: bool = False


@dataclass
class Call:
    """One call as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


class Service:
    """The pages and a made-up conversation, on a free port of this machine."""

    def __init__(
        self, pages: Mapping[str, Any], shared_with: tuple[str, ...] = ()
    ) -> None:
        self.pages = dict(pages)
        self.shared_with = shared_with
        self.calls: list[Call] = []
        self.faults: dict[str, list[Fault]] = {}
        self.open: dict[str, dict[str, Any]] = {}
        self.idle_s = 1800
        self.heard: list[Any] = []
        self._stopped = threading.Event()
        self._answered = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        # Looks often if it is to stop: every test has a server of its own.
        serve = partial(self._server.serve_forever, poll_interval=0.02)
        threading.Thread(target=serve, daemon=True).start()

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        if self._stopped.is_set():
            return
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def fail(self, path: str, *faults: Fault) -> None:
        """Have the next calls of a path go wrong, one fault each."""
        self.faults.setdefault(path, []).extend(faults)

    def calls_of(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path.split("?")[0] == path]

    def all_ended(self) -> bool:
        """Return whether every conversation ends, waiting for what is on its way."""
        with self._answered:
            return self._answered.wait_for(lambda: not self.open, timeout=10)

    def answer(self, call: Call) -> tuple[int, Any]:
        """Return what the contract says to a call."""
        path = call.path.split("?")[0]
        if path == "/chat/session":
            token = uuid.uuid4().hex
            self.open[token] = {"n": 0, "answers": {}}
            return 201, {"token": token, "idle_s": self.idle_s, "messages": GREETING}
        chat = self.open.get(call.token)
        if chat is None:
            return 401, error(
                "session", "This chat has ended. You can start a new one."
            )
        if path == "/chat/end":
            del self.open[call.token]
            return 204, None
        if call.method == "GET":
            return 200, {"n": chat["n"], "messages": GREETING}
        message = call.body
        if message["id"] not in chat["answers"]:
            if message["n"] != chat["n"] + 1:
                return 409, error("order", "That message was sent before.")
            chat["n"] = message["n"]
            said = message.get("text", message.get("choice"))
            self.heard.append(said)
            parts = REPLIES.get(said, REPLIES["else"])
            answer = {"n": chat["n"], "messages": parts}
            restore = {
                token: words for words, token in RESTORE.items() if words in said
            }
            if restore:
                answer["restore"] = restore
            chat["answers"][message["id"]] = answer
        return 200, chat["answers"][message["id"]]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                page = service.pages.get(self.path, service.pages.get(path))
                if page is None:
                    self._chat()
                    return
                service.calls.append(Call("GET", self.path, dict(self.headers), None))
                fault = service.faults.get(path, [])
                service._stopped.wait(fault.pop(0).wait_s if fault else 0)
                body, headers = page.body, dict(page.headers)
                takes = self.headers.get("accept-encoding", "")
                if "gzip" in takes and page.gzipped:
                    body, headers["Content-Encoding"] = page.gzipped, "gzip"
                self._send(200, body, headers)

            def do_POST(self) -> None:
                self._chat()

            def do_OPTIONS(self) -> None:
                allowed = {
                    "Access-Control-Allow-Methods": "GET, POST",
                    "Access-Control-Allow-Headers": "authorization, content-type",
                }
                self._send(204, b"", allowed)

            def _chat(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                raw = self.rfile.read(length)
                headers = {name.lower(): value for name, value in self.headers.items()}
                call = Call(self.command, self.path, headers, json.loads(raw or "null"))
                service.calls.append(call)
                faults = service.faults.get(self.path.split("?")[0], [])
                fault = faults.pop(0) if faults else Fault()
                service._stopped.wait(fault.wait_s)
                status, body, extra = fault.status, fault.body, fault.headers
                if not status:
                    known = self.path.startswith("/chat/")
                    with service._answered:
                        status, body = service.answer(call) if known else (404, "")
                        service._answered.notify_all()
                text = body if isinstance(body, str) else json.dumps(body)
                sent = b"" if status == 204 else text.encode()
                kind = {"Content-Type": "application/json", **extra}
                self._send(status, sent, kind, len(sent) // 2 if fault.cut else None)

            def _send(
                self,
                status: int,
                body: bytes,
                headers: Mapping[str, str],
                cut_at: int | None = None,
            ) -> None:
                origin = self.headers.get("origin")
                shared = origin in service.shared_with
                cors = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
                try:
                    self.send_response(status)
                    for name, value in {
                        **HEADERS,
                        **headers,
                        **(cors if shared else {}),
                    }.items():
                        self.send_header(name, str(value))
                    if status != 204:
                        self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body[:cut_at])
                    self.close_connection = cut_at is not None
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        return Handler
