"""The served process: it trains, starts, is stopped, killed and started again.

It serves the toy assistant from a folder of its own, so that training takes seconds.
"""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from toy.house import FILES, body

ROOT = Path(__file__).parents[2]
ENDPOINTS = """
tracker_store:
  type: bot.store.ConversationStore
action_endpoint:
  package: toy.actions
"""


class Process:
    """One `bot serve`, and what it printed."""

    def __init__(self, project, data, port=None, **env):
        self.port = port or free_port()
        self.data = data
        command = [sys.executable, "-m", "bot", "serve", "--port", str(self.port)]
        path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
        self.process = subprocess.Popen(
            [*command, "--data-dir", str(data)],
            cwd=project,
            env={**os.environ, "PYTHONPATH": path, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
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

    def call(self, method, path, value=None, token=None):
        headers = {
            "Origin": f"http://127.0.0.1:{self.port}",
            "Content-Type": "application/json",
        }
        if token:
            headers["Authorization"] = f"Bearer {token}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(
            method, path, json.dumps(value) if value is not None else None, headers
        )
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None

    def say(self, token, n, text, id=None):
        return self.call("POST", "/chat/messages", body(n, text, id=id), token)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(FILES, folder, dirs_exist_ok=True)
    (folder / "endpoints.yml").write_text(ENDPOINTS)
    (folder / "credentials.yml").write_text("bot.channel.WebChat:\n")
    return folder


def test_it_trains_serves_stops_when_told_and_goes_on_where_it_was(project, tmp_path):
    """F7, OPS-3: a conversation outlives the process."""
    first = Process(project, tmp_path / "data").ready()
    _, opened = first.call("POST", "/chat/session", {})
    token = opened["token"]
    first.say(token, 1, "note canaryword")
    status, log = first.end()

    second = Process(project, tmp_path / "data", first.port).ready()
    answer = second.say(token, 2, "note two")
    again = second.end()

    assert "Training" in "".join(first.printed)
    assert "Training" not in "".join(second.printed)
    assert first.printed[-2:] == [
        f"First Contact is ready at http://127.0.0.1:{first.port}\n",
        "",
    ]
    assert (status, again[0]) == (0, 0)
    assert answer == (
        200,
        {"n": 2, "messages": [{"kind": "text", "text": "2: note two"}]},
    )
    for secret in ("canaryword", token):
        assert secret not in log + again[1] + "".join(first.printed + second.printed)


def test_a_killed_process_has_kept_the_message_or_lost_it_whole(project, tmp_path):
    """F6."""
    first = Process(project, tmp_path / "data").ready()
    _, opened = first.call("POST", "/chat/session", {})
    token = opened["token"]
    first.say(token, 1, "note one")
    waiting = socket.create_connection(("127.0.0.1", first.port))
    text = json.dumps(body(2, "note two", id="8b9c2c8e-6f0e-4b53-9a55-6d1d0a2f7b11"))
    waiting.sendall(
        f"POST /chat/messages HTTP/1.1\r\nHost: x\r\nOrigin: http://127.0.0.1:"
        f"{first.port}\r\nContent-Type: application/json\r\nAuthorization: Bearer "
        f"{token}\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()
    )
    first.end(signal.SIGKILL)

    second = Process(project, tmp_path / "data", first.port).ready()
    again = second.say(token, 2, "note two", id="8b9c2c8e-6f0e-4b53-9a55-6d1d0a2f7b11")
    after = second.say(token, 3, "note three")
    second.end()

    assert again[1]["messages"][0]["text"] == "2: note two"
    assert after[1]["messages"][0]["text"] == "3: note three"


def test_a_second_process_on_the_same_folder_is_turned_away(project, tmp_path):
    """STO-5."""
    first = Process(project, tmp_path / "data").ready()
    second = Process(project, tmp_path / "data")
    _, said = second.process.communicate(timeout=60)
    first.end()

    assert second.process.returncode == 1
    assert "another First Contact is running" in said


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SESSION_KEY", "short", "shorter than 32 bytes"),
        ("FORCE", "nowhere", "nowhere.yml: there is no such file"),
        ("ORIGINS", "https://a.example", "FIRST_CONTACT_SESSION_KEY"),
        ("DATABASE_URL", "sqlite:////nowhere/x.db", "cannot be made"),
        ("ACTION_URL", "http://127.0.0.1:9/webhook", "does not answer"),
    ],
)
def test_what_is_wrong_stops_the_start_in_one_sentence(
    project, tmp_path, name, value, said
):
    """F11, F29, OPS-1."""
    env = {f"FIRST_CONTACT_{name}": value}
    process = Process(project, tmp_path / "data", **env)
    out, told = process.process.communicate(timeout=120)

    assert process.process.returncode == 1
    assert "ready at" not in out
    assert told.splitlines()[-1].startswith("First Contact cannot go on: ")
    assert said in told.splitlines()[-1]


def test_a_model_changed_by_one_byte_is_not_served(project, tmp_path):
    """F25, S14."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    subprocess.run(
        [sys.executable, "-m", "bot", "train"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        check=True,
    )
    (model,) = (project / "models").glob("*.tar.gz")
    good = model.read_bytes()
    model.chmod(0o644)
    model.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    process = Process(project, tmp_path / "data")
    _, told = process.process.communicate(timeout=60)
    model.write_bytes(good)

    assert process.process.returncode == 1
    assert "was changed since it was trained" in told


def test_nothing_leaves_this_machine(project, tmp_path):
    """P5, OPS-6: every address that is looked up or called is our own."""
    trace = tmp_path / "sitecustomize.py"
    trace.write_text(
        "import sys\n"
        "def told(event, args):\n"
        "    if event == 'socket.connect':\n"
        "        print('CALLED', args[1], file=sys.stderr, flush=True)\n"
        "    if event == 'socket.getaddrinfo':\n"
        "        print('LOOKED UP', args[0], file=sys.stderr, flush=True)\n"
        "sys.addaudithook(told)\n"
    )
    path = os.pathsep.join([str(tmp_path), str(ROOT), str(ROOT / "tests")])
    process = Process(project, tmp_path / "data", PYTHONPATH=path).ready()
    _, opened = process.call("POST", "/chat/session", {})
    process.say(opened["token"], 1, "hello")
    _, log = process.end()

    outward = [
        line
        for line in log.splitlines()
        if line.startswith(("CALLED", "LOOKED UP")) and "127.0.0.1" not in line
    ]
    assert outward == []
