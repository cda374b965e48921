"""Rasa's own action server, with our protection in it."""

import http.client
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rasa.utils.endpoints import EndpointConfig
from toy.house import run
from toy.keys import KEY, OTHER_KEY
from toy.machine import free_port
from toy.process import PATH, ROOT
from urllib3 import PoolManager, Retry

from bot.endpoint import ActionsMissing, endpoint_from

pytestmark = pytest.mark.first_half

COMMAND = [sys.executable, "-m", "rasa_sdk", "--actions", "toy.actions", "--port"]
WORDS = "canary he is outside"


def started(port, **env):
    return subprocess.Popen(
        [*COMMAND, str(port)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": PATH, **env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def server():
    """Yield the port of a protected server, and the server."""
    port = free_port()
    process = started(port, FIRST_CONTACT_ACTION_SECRET=KEY)
    with PoolManager() as pool:
        tries = Retry(60, backoff_factor=0.05, backoff_max=0.5)
        health = f"http://127.0.0.1:{port}/health"
        assert pool.request("GET", health, retries=tries).status == 200
    yield port, process
    process.kill()
    process.wait()


def called(port, path, body=None, secret=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    if secret is not None:
        headers["X-First-Contact-Secret"] = secret
    connection.request("POST" if body else "GET", path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read().decode()


def call_of(action):
    tracker = {"sender_id": "x", "slots": {}, "latest_message": {"text": WORDS}}
    return json.dumps({"next_action": action, "tracker": tracker, "domain": {}})


@pytest.mark.parametrize("secret", [None, "", OTHER_KEY, KEY[:-1]])
def test_who_does_not_know_the_secret_is_refused(server, secret):
    """S12, ACT-1."""
    for path, body in (("/webhook", call_of("action_echo")), ("/actions", None)):
        status, _, answer = called(server[0], path, body, secret)

        assert (status, answer) == (403, '{"error":"not_answered"}')


def test_who_knows_it_is_answered_and_other_sites_are_not(server):
    """ACT-1: no page of another site may call."""
    status, headers, answer = called(
        server[0], "/webhook", call_of("action_echo"), KEY, Origin="https://x.example"
    )

    assert (status, json.loads(answer)["responses"][0]["text"]) == (200, f"1: {WORDS}")
    assert not [name for name in headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize(
    "body", [call_of("action_fail"), call_of("action_of_nobody"), "{" + WORDS, "[]"]
)
def test_an_error_says_nothing_of_the_call(server, body):
    """S12: as it is, the server answers with what it was sent."""
    status, _, answer = called(server[0], "/webhook", body, KEY)

    assert status >= 400
    assert "canary" not in answer


def test_the_assistant_sends_the_secret(server):
    """ACT-1."""
    url = f"http://127.0.0.1:{server[0]}/webhook"

    run(endpoint_from(EndpointConfig(url), secret=KEY).check(["action_echo"]))
    with pytest.raises(ActionsMissing):
        run(endpoint_from(EndpointConfig(url)).check(["action_echo"]))


def test_it_listens_to_this_machine_alone(server):
    """S12: unless it is told otherwise."""
    listening = f":{server[0]:04X}"
    table = Path(f"/proc/{server[1].pid}/net/tcp").read_text().splitlines()
    locals_ = [line.split()[1] for line in table if " 0A " in line]

    assert [at for at in locals_ if at.endswith(listening)] == ["0100007F" + listening]


def test_it_writes_no_word_into_its_log(server):
    """P1."""
    called(server[0], "/webhook", call_of("action_fail"), KEY)
    server[1].terminate()
    log = server[1].communicate(timeout=60)[1]

    assert "RuntimeError" in log
    assert "canary" not in log


def test_without_a_secret_it_does_not_listen_to_others():
    """S12."""
    process = started(free_port(), SANIC_HOST="0.0.0.0")
    told = process.communicate(timeout=60)[1]

    assert process.returncode == 1
    assert told.splitlines()[-1].startswith(
        "First Contact cannot go on: FIRST_CONTACT_ACTION_SECRET: must be set"
    )
