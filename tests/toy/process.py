"""`bot serve` in a process of its own, serving the toy assistant from a folder."""

import hashlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from bot.model import model_path
from toy.house import FILES, body, model
from toy.machine import free_port

ROOT = Path(__file__).parents[2]
PATH = os.pathsep.join(
    [str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]
)
CLOSED = "closed"
WITHOUT_STDERR = ("sh", "-c", 'exec "$0" "$@" 2>&-')
ENDPOINTS = """
tracker_store:
  type: bot.store.ConversationStore
action_endpoint:
  package: toy.actions
"""


def make_project(folder, trained=True):
    """Write the toy assistant's files into a folder, with its model, and return it."""
    shutil.copytree(FILES, folder, dirs_exist_ok=True)
    (folder / "endpoints.yml").write_text(ENDPOINTS)
    (folder / "credentials.yml").write_text("bot.channel.WebChat:\n")
    if trained:
        there = model_path(folder, Path("models"))
        there.parent.mkdir()
        shutil.copy(model(), there)
        digest = hashlib.sha256(there.read_bytes()).hexdigest()
        there.with_name(there.name.replace(".tar.gz", ".sha256")).write_text(digest)
    return folder


class Process:
    """One `bot serve`, and what it printed."""

    def __init__(self, project, data, port=None, stderr=subprocess.PIPE, **env):
        self.port = port or free_port()
        self.data = data
        command = [sys.executable, "-m", "bot", "serve", "--port", str(self.port)]
        if stderr == CLOSED:
            command, stderr = [*WITHOUT_STDERR, *command], None
        self.process = subprocess.Popen(
            [*command, "--data-dir", str(data)],
            cwd=project,
            env={**os.environ, "PYTHONPATH": PATH, **env},
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        self.printed = []

    def ready(self):
        """Wait for the line with the address."""
        for line in self.process.stdout:
            self.printed.append(line)
            if line.startswith("First Contact is ready at"):
                return self
        raise AssertionError(self.process.stderr.read())

    def end(self, how=signal.SIGTERM):
        """End it, and return its exit status and what it logged."""
        self.process.send_signal(how)
        out, log = self.process.communicate(timeout=60)
        self.printed.append(out)
        return self.process.returncode, log

    def call(self, method, path, value=None, token=None, address=None):
        """Make one call; return its status and its JSON.

        `address` is whom a trusted proxy would say that the call is from.
        """
        sent = self.send(self.connect(), method, path, value, token, address)
        return self.answer(sent)

    def ask(self, token, n, text):
        """Say something and wait for no answer; `answer` does."""
        message = body(n, text)
        return self.send(self.connect(), "POST", "/chat/messages", message, token)

    def answer(self, connection):
        """Wait for the answer to what was sent; return its status and its JSON."""
        answer = self.answer_on(connection)
        connection.close()
        return answer

    def answer_on(self, connection):
        """Wait for the answer on a connection that stays open."""
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None

    def connect(self):
        """Open a connection to send on."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.connect()
        return connection

    def send(self, connection, method, path, value=None, token=None, address=None):
        """Send on a connection."""
        headers = {
            "Origin": f"http://127.0.0.1:{self.port}",
            "Content-Type": "application/json",
        }
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if address:
            headers["X-Forwarded-For"] = address
        content = json.dumps(value) if value is not None else None
        connection.request(method, path, content, headers)
        return connection

    def begin(self, address=None):
        """Start a conversation; return its token."""
        status, opened = self.call("POST", "/chat/session", {}, address=address)
        assert status == 201, opened
        return opened["token"]

    def say(self, token, n, text, id=None, address=None):
        value = body(n, text, id=id)
        return self.call("POST", "/chat/messages", value, token, address)
