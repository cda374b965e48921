"""Several assistants on one database behind one proxy, and people who talk to them.

Each assistant is a process of its own, started, stopped and killed like in real life.
What a person hears is held against the promise: answered and kept once and in order, or
told within 20 s that it was not.
"""

import os
import signal
import subprocess
import sys
import threading
import time
import uuid

from proxy import SITE, Proxy
from toy.house import body
from toy.keys import KEY
from toy.machine import free_port
from toy.process import PATH, make_project
from urllib3 import PoolManager, Retry

START_S = 120
PROMISE_S = 20


class Worker:
    """One `bot serve` on a port of its own, that can be ended and begun again."""

    def __init__(self, project, folder, database):
        self.port, self._project, self.folder = free_port(), project, folder
        self._env = {
            **os.environ,
            "PYTHONPATH": PATH,
            "FIRST_CONTACT_DATABASE_URL": database,
            "FIRST_CONTACT_SESSION_KEY": KEY,
            "FIRST_CONTACT_ORIGINS": SITE,
            "FIRST_CONTACT_TRUSTED_PROXIES": "127.0.0.1",
        }
        folder.mkdir()

    def begin(self):
        """Start it, and do not wait."""
        command = [sys.executable, "-m", "bot", "serve", "--port", str(self.port)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--data-dir", str(self.folder / "data")],
                cwd=self._project,
                env=self._env,
                stdout=log,
                stderr=log,
            )

    def until_ready(self):
        """Wait until it would answer a message."""
        tries = Retry(START_S * 2, status_forcelist=[503], backoff_max=0.5)
        tries.backoff_factor = 0.1
        with PoolManager() as pool:
            ready = f"http://127.0.0.1:{self.port}/ready"
            answer = pool.request("GET", ready, retries=tries, timeout=10)
            assert answer.status == 200

    def end(self, how=signal.SIGTERM):
        """End it, and return its exit status."""
        self.process.send_signal(how)
        return self.process.wait(60)

    def said(self):
        """Return everything it logged."""
        return (self.folder / "log").read_text()


class Fleet:
    """As many workers as wanted, behind a proxy."""

    def __init__(self, folder, database, size, project=None):
        project = project or make_project(folder / "project")
        self.workers = [
            Worker(project, folder / f"worker-{n}", database) for n in range(size)
        ]
        for worker in self.workers:
            worker.begin()
        for worker in self.workers:
            worker.until_ready()
        ports = [worker.port for worker in self.workers]
        self.proxy = Proxy(folder / "proxy", ports)

    def stop(self):
        """Stop everything, and return all that was logged."""
        log = self.proxy.stop()
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.end()
        return log + "".join(worker.said() for worker in self.workers)


class Person(threading.Thread):
    """Says one numbered thing after another, and notes what came back."""

    def __init__(self, proxy, number, pause_s):
        super().__init__(daemon=True)
        self.proxy, self.pause_s = proxy, pause_s
        self.address = f"203.0.113.{number}"
        self.canary = f"canary{number}"
        self.broken, self.answers = [], []
        self.longest_s, self.again = 0.0, 0
        self._enough, self._pause = threading.Event(), threading.Event()

    def stop(self):
        """Let it say no more, and wait until what it said is answered."""
        self._enough.set()
        self.join(3 * PROMISE_S)
        assert not self.is_alive()

    def run(self):
        """Talk until told to stop; nothing may end it before."""
        try:
            self.token = self._insist("/chat/session", {})["token"]
            while not self._enough.wait(self.pause_s):
                n = len(self.answers) + 1
                said = body(n, f"note {self.canary} {n}", id=str(uuid.uuid4()))
                answer = self._insist("/chat/messages", said)
                self.answers.append([part["text"] for part in answer["messages"]])
        except Exception as error:
            self.broken.append(repr(error))

    def kept(self):
        """Return every answer that is kept, as a browser that lost them asks for it."""
        status, _, answer = self._call("GET", "/chat/messages?after=0")
        assert status == 200, answer
        return [[part["text"]] for part in answer["messages"]]

    def _insist(self, path, value):
        """Send the very same until it is answered, as the widget does on a press."""
        while True:
            status, headers, answer = self._call("POST", path, value)
            if status in (200, 201):
                return answer
            self.again += 1
            plain = isinstance(answer, dict) and answer.get("say") and answer["help"]
            if status not in (409, 429, 503) or not plain:
                self.broken.append(f"{status}: {answer}")
            self._pause.wait(float(headers["Retry-After"] or 0.2))

    def _call(self, method, path, value=None):
        began = time.monotonic()
        token = getattr(self, "token", None)
        try:
            return self.proxy.call(method, path, value, token, who=self.address)
        except OSError as error:
            self.broken.append(f"cut off: {error!r}")
            return 503, {"Retry-After": "1"}, {}
        finally:
            took_s = time.monotonic() - began
            self.longest_s = max(self.longest_s, took_s)


def hold_to_the_promise(people, log):
    """See that every message of everyone is kept once, in order, and told of nowhere."""
    for person in people:
        heard = [
            [f"{n}: note {person.canary} {n}"]
            for n in range(1, len(person.answers) + 1)
        ]
        assert person.broken == []
        assert person.answers == heard
        assert person.longest_s < PROMISE_S
    assert "canary" not in log


def counts(people):
    """Return what happened in numbers, for whoever reads the output."""
    return {
        "people": len(people),
        "kept": sum(len(person.answers) for person in people),
        "sent_again": sum(person.again for person in people),
        "longest_s": round(max(person.longest_s for person in people), 2),
    }
