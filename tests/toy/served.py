"""The toy assistant served by a process of its own, and whoever calls it, kindly or not."""

import contextlib
import html
import http.client
import json
import re
import socket
from pathlib import Path
from urllib.parse import urlencode

from bot.masking import restored
from toy.house import body
from toy.process import Process

TICKET = re.compile(r'name="ticket" value="([^"]+)"')
FORM = "application/x-www-form-urlencoded"


class Served:
    """One `bot serve` that takes this machine for its proxy.

    Callers therefore say which address they call from, and a test can be many people.
    """

    def __init__(self, project, folder, port=None, **settings):
        given = {"TRUSTED_PROXIES": "127.0.0.1/32", **settings}
        env = {f"FIRST_CONTACT_{name}": text for name, text in given.items()}
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.running = Process(project, folder / "data", port, log, **env).ready()
        self.port = self.running.port
        self.origin = f"http://127.0.0.1:{self.port}"
        self.tokens = []

    def stop(self):
        """Stop it; return its exit status and all it logged."""
        status, _ = self.running.end()
        return status, self.log.read_text()

    def memory_mb(self):
        """Return how much memory it holds, and its highest so far."""
        status = Path(f"/proc/{self.running.process.pid}/status").read_text()
        held = {
            name: int(kilobytes) / 1024
            for name, kilobytes in re.findall(r"(VmRSS|VmHWM):\s+(\d+) kB", status)
        }
        return held["VmRSS"], held["VmHWM"]

    def caller(self, number):
        """Return somebody with an address of their own."""
        return Caller(self, f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")

    def exchange(self, data, quiet_s=2):
        """Send bytes; return all that comes back until it is shut, or nothing comes."""
        answer = b""
        with (
            self.wire(quiet_s) as wire,
            contextlib.suppress(TimeoutError, ConnectionError),
        ):
            wire.sendall(data)
            while some := wire.recv(65536):
                answer += some
        return answer

    def wire(self, wait_s=30):
        """Return a bare connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=wait_s)


class Caller:
    """Somebody at one address, with one connection that stays open."""

    def __init__(self, served, address):
        self.served, self.address = served, address
        self.wire = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)

    def call(self, method, path, value=None, token=None, headers=None, raw=None):
        """Make one call; return the status, the headers and the bytes."""
        sent = {
            "Origin": self.served.origin,
            "Content-Type": "application/json",
            "X-Forwarded-For": self.address,
        }
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        for name, text in (headers or {}).items():
            sent.pop(name, None)
            if text is not None:
                sent[name] = text
        data = raw if value is None else json.dumps(value).encode()
        try:
            self.wire.request(method, path, data, sent)
            answer = self.wire.getresponse()
        except ConnectionError:  # it was idle, or the last answer ended it
            self.wire.close()
            self.wire.request(method, path, data, sent)
            answer = self.wire.getresponse()
        return answer.status, answer.headers, answer.read()

    def begin(self):
        """Start a conversation; return its token and the greeting."""
        status, _, text = self.call("POST", "/chat/session", {})
        assert status == 201, text
        answer = json.loads(text)
        self.served.tokens.append(answer["token"])
        return answer["token"], answer["messages"]

    def say(self, token, n, text=None, choice=None, id=None):
        """Say something; return the status and the answer."""
        value = body(n, text, choice, id)
        status, _, answer = self.call("POST", "/chat/messages", value, token)
        return status, json.loads(answer)

    def since(self, token, n):
        """Return the status, and the answers since a number."""
        status, _, text = self.call("GET", f"/chat/messages?after={n}", token=token)
        return status, json.loads(text)

    def form(self, fields, origin=None, sort=FORM, raw=None):
        """Send a form of the plain page; return the status and the page."""
        data = (
            urlencode(fields, errors="surrogatepass").encode() if raw is None else raw
        )
        headers = {"Origin": origin or self.served.origin, "Content-Type": sort}
        status, _, text = self.call("POST", "/plain", raw=data, headers=headers)
        return status, text.decode()

    def plain_chat(self):
        """Start a chat on the plain page; return its ticket."""
        status, page = self.form({"start": "1"})
        assert status == 200
        return html.unescape(TICKET.search(page)[1])


def parts_text(answer):
    """Return what an answer says, part by part, as the person sees it."""
    shown = restored(answer["messages"], answer.get("restore", {}))
    return [part["text"] for part in shown]
