"""Starts `bot serve` again and again in little time.

A process that has imported everything forks one that serves, as the command line would
start it. What is served, killed and started again is in every other way the real thing.
Run as a module it is told what to do in lines of JSON.
"""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from bot import danger
from bot.assembly import masker_for
from bot.knowledge import loaded
from bot.masking import Numbers
from bot.serving import load_agent
from bot.settings import Settings
from toy.house import body, model
from toy.keys import KEY
from toy.machine import free_port, until
from toy.process import PATH, ROOT


class Nursery:
    """The process that has imported everything."""

    def __init__(self, project):
        self.project = project
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "toy.nursery"],
            cwd=project,
            env={**os.environ, "PYTHONPATH": PATH},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def tell(self, **what):
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self):
        """End it, and whatever it started."""
        self._process.communicate(timeout=30)


class Service:
    """One `bot serve`, what it wrote, and a browser that calls it."""

    def __init__(self, nursery, folder, port=None, url="", clock=None, **settings):
        self.nursery, self.folder = nursery, Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.port = port or free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.clock, self.pid = clock, None
        self.out = self.folder / f"{self.port}.log"
        self.env = {
            "SESSION_KEY": KEY,
            "DATABASE_URL": url,
            "ORIGINS": settings.pop("origins", self.origin),
            # So that every conversation may come from an address of its own.
            "TRUSTED_PROXIES": "127.0.0.1",
            **settings,
        }

    def begin(self, *line):
        """Start it, or another command; whether it gets ready is another matter."""
        serve = ("serve", "--port", str(self.port), "--data-dir", str(self.folder))
        env = {f"FIRST_CONTACT_{name}": text for name, text in self.env.items()}
        clock = str(self.clock) if self.clock else None
        what = {"line": line or serve, "env": env, "out": str(self.out)}
        self.pid = self.nursery.tell(**what, clock=clock)["pid"]
        return self

    def start(self):
        """Start it, and wait until it can be spoken to and told to stop."""
        before = len(self.written())
        self.begin()
        until(lambda: "is ready at" in self.written()[before:])
        return self

    def asked(self, path):
        """Return the status of a page, or None while nobody answers."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.call("GET", path)[0]

    def end(self, how=signal.SIGTERM):
        """End it, and return its exit status."""
        os.kill(self.pid, how)
        return self.wait()

    def wait(self):
        """Wait until it has ended, and return its exit status."""
        status = self.nursery.tell(wait=self.pid)["status"]
        self.pid = None
        return status

    def kill_if_running(self):
        """End it however it stands."""
        if self.pid is not None:
            self.end(signal.SIGKILL)

    def written(self):
        """Return everything it printed and logged."""
        return self.out.read_text() if self.out.exists() else ""

    def events(self, name):
        """Return the events of a name that it logged."""
        lines = [line for line in self.written().splitlines() if line.startswith("{")]
        return [event for event in map(json.loads, lines) if event["event"] == name]

    def call(self, method, path, value=None, token=None, address="", timeout=25):
        """Make one call; return its status and its JSON."""
        return self.answer(self.ask(method, path, value, token, address, timeout))

    def ask(self, method, path, value=None, token=None, address="", timeout=25):
        """Make one call and wait for no answer; `answer` does."""
        headers = {"Origin": self.env["ORIGINS"], "Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if address:
            headers["X-Forwarded-For"] = address
        data = json.dumps(value) if value is not None else None
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        line.request(method, path, data, headers)
        return line

    def answer(self, line):
        """Wait for the answer to a call; return its status and its JSON."""
        with contextlib.closing(line):
            answer = line.getresponse()
            text = answer.read()
        return answer.status, json.loads(text) if text else None

    def open(self, address="127.0.0.2"):
        """Start a conversation and return its token."""
        status, answer = self.call("POST", "/chat/session", {}, address=address)
        assert status == 201, answer
        return answer["token"]

    def say(self, token, n, text, id=None, address="127.0.0.2"):
        value = body(n, text, id=id)
        return self.call("POST", "/chat/messages", value, token, address)


def main():
    """Do as told until there is nobody to tell."""
    # What every start would load again and come to the same.
    load_agent(model(), str(ROOT / "endpoints.yml"))
    loaded(Settings().force)
    danger.hear("hello")
    masker_for(loaded(Settings().force)).mask("hello", bytes(32), Numbers())
    from bot.cli import main as bot

    told, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    children = set()
    for line in told:
        what = json.loads(line)
        if "wait" in what:
            _, status = os.waitpid(what["wait"], 0)
            children.discard(what["wait"])
            answer = {"status": os.waitstatus_to_exitcode(status)}
        else:
            pid = os.fork()
            if pid == 0:
                told.close()
                serve(bot, **what)
            children.add(pid)
            answer = {"pid": pid}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    for pid in children:
        os.kill(pid, signal.SIGKILL)


def serve(bot, line, env, out, clock):
    """Be a `bot serve`, whose computer's clock is off by what a file says."""
    os.setsid()
    file = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(env)
    if clock:
        real = time.time
        time.time = lambda: real() + float(Path(clock).read_text())
    try:
        status = bot(line)
    except BaseException as error:
        print("NURSERY", repr(error), flush=True)
        status = 70
    os._exit(status)


if __name__ == "__main__":
    main()
