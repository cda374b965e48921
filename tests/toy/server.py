"""The toy assistant behind a real port, and a client that says what it is told."""

import asyncio
import gzip
import http.client
import itertools
import json
import socket
import threading

from bot.pages import Page, page_headers
from bot.refusals import help_contacts
from bot.serving import make_app
from bot.wire import PatientProtocol
from toy.house import assistant, body, facts

names = itertools.count()


def pages():
    """Return a page in two languages, one that may be framed, and a script."""
    alone = page_headers("default-src 'none'; frame-ancestors 'none'")
    framed = page_headers("default-src 'none'; frame-ancestors https://a.example")
    script = {"Content-Type": "text/javascript", "Cache-Control": "no-cache"}
    return {
        "/": Page(b"front", gzip.compress(b"front"), alone),
        "/frame": Page(b"frame", gzip.compress(b"frame"), framed),
        "/frame?lang=cy": Page(b"ffram", gzip.compress(b"ffram"), framed),
        "/embed.js": Page(b"script", gzip.compress(b"script"), script),
    }


class Server:
    """Serves the toy assistant from a thread until it is stopped."""

    def __init__(self, folder, limits=None, **settings):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self.toy = assistant(folder, limits, port=self.port, **settings)
        origins = settings.get("origins", ())
        name = f"toy_{next(names)}"
        contacts = help_contacts(facts())
        self.app = make_app(self.toy, contacts, pages(), origins, name=name)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        assert self._ready.wait(60)

    def stop(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)

    def _serve(self):
        asyncio.set_event_loop(self._loop)
        do = self._loop.run_until_complete
        server = do(
            self.app.create_server(
                sock=self.socket,
                protocol=PatientProtocol,
                return_asyncio_server=True,
                access_log=False,
            )
        )
        do(server.startup())
        do(server.before_start())
        do(server.start_serving())
        do(server.after_start())
        self._ready.set()
        self._loop.run_forever()
        do(server.before_stop())
        server.close()
        do(server.wait_closed())
        do(server.after_stop())

    def call(self, method, path, value=None, token=None, headers=None, raw=None):
        """Make one call; return its status, headers and JSON (or bytes)."""
        sent = {"Origin": self.origin, "Content-Type": "application/json"}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        for name, text in (headers or {}).items():
            sent.pop(name, None)
            if text is not None:
                sent[name] = text
        data = raw if raw is not None else None
        if value is not None:
            data = json.dumps(value).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, data, sent)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if answer.headers["Content-Type"] == "application/json" and content:
            content = json.loads(content)
        return answer.status, answer.headers, content

    def raw(self, data):
        """Send bytes; return the first bytes of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as wire:
            wire.sendall(data)
            return wire.recv(65536)

    def begin(self, **how):
        """Start a conversation; return its token and the greeting."""
        status, _, answer = self.call("POST", "/chat/session", {}, **how)
        assert status == 201, answer
        return answer["token"], answer["messages"]

    def say(self, token, n, text=None, choice=None, id=None, **how):
        """Say something; return the status and the answer."""
        value = body(n, text, choice, id)
        status, _, answer = self.call("POST", "/chat/messages", value, token, **how)
        return status, answer
