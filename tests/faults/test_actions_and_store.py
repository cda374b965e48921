"""Actions and the store failing under a running conversation, and coming back."""

import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from rasa.utils.endpoints import EndpointConfig
from toy.house import Chat, agent, facts, run, texts
from toy.keys import KEY
from urllib3 import PoolManager, Retry

from bot.assembly import assemble
from bot.endpoint import ActionsMissing, LocalActions, RemoteActions
from bot.refusals import Refused
from bot.session import ServerKey
from bot.settings import Settings

pytestmark = pytest.mark.first_half

ROOT = Path(__file__).parents[2]


class ActionServer:
    """Rasa's own action server with the toy actions, started and killed at will."""

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/webhook"

    def start(self):
        path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
        env = {**os.environ, "PYTHONPATH": path, "SANIC_HOST": "127.0.0.1"}
        command = [sys.executable, "-m", "rasa_sdk", "--actions", "toy.actions"]
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port)],
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with PoolManager() as pool:
            tries = Retry(60, backoff_factor=0.05, backoff_max=0.5)
            health = f"http://127.0.0.1:{self.port}/health"
            assert pool.request("GET", health, retries=tries).status == 200

    def kill(self):
        self.process.kill()
        self.process.wait()


async def refused(saying):
    with pytest.raises(Refused) as refusal:
        await saying
    return refusal.value.code


def toy(folder, endpoint=None):
    settings = Settings(data_dir=folder, database_url=f"sqlite:///{folder}/kept.db")
    keys = [ServerKey.from_text(KEY)]
    endpoint = endpoint or LocalActions("toy.actions")
    return assemble(settings, agent(), keys, facts=facts(), endpoint=endpoint)


def test_actions_on_a_server_of_their_own_may_die_and_come_back(tmp_path):
    """F1, F2: nothing is skipped and nothing is lost."""
    server = ActionServer()
    server.start()

    async def work():
        assistant = toy(tmp_path, RemoteActions(EndpointConfig(server.url)))
        await assistant.start()
        chat = Chat(assistant)
        await chat.begin()
        before = await chat.say("note one")
        await chat.say("tell")
        await chat.say("bob")
        server.kill()
        ready = await assistant.conversations.count(), await is_ready(assistant)
        dead = await refused(chat.say("fail"))
        server.start()
        form = await chat.say("london")
        after = await chat.say("note two")
        await assistant.stop()
        return before, ready, dead, form, after

    before, ready, dead, form, after = run(work())
    server.kill()

    assert texts(before) == ["1: note one"]
    assert ready == (1, False)
    assert dead == "not_kept"
    assert texts(form) == ["It was [name-1], london."]
    assert texts(after) == ["2: note two"]


async def is_ready(assistant):
    endpoint = assistant.agent.processor.action_endpoint
    try:
        await endpoint.check(["action_echo"])
    except ActionsMissing:
        return False
    return True


def test_a_locked_database_is_a_plain_failure_and_then_works_again(tmp_path):
    """F9: for those who speak, begin, and speak elsewhere."""

    async def work():
        assistant = toy(tmp_path)
        await assistant.start()
        chat, other = Chat(assistant), Chat(assistant)
        await chat.begin()
        await other.begin()
        await chat.say("note one")
        lock = sqlite3.connect(tmp_path / "kept.db", isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        code = await refused(chat.say("note two"))
        began = await refused(Chat(assistant).begin())
        lock.execute("ROLLBACK")
        lock.close()
        again = await chat.say("note two")
        others = await other.say("note one")
        await assistant.stop()
        return code, began, again, others

    code, began, again, others = run(work())
    assert (code, began) == ("not_kept", "not_kept")
    assert texts(again) == ["2: note two"]
    assert texts(others) == ["1: note one"]


def test_a_gap_is_waited_for_and_then_asked_for(tmp_path):
    """F24: by the number of what is missing."""

    async def work():
        assistant = toy(tmp_path)
        await assistant.start()
        chat = Chat(assistant)
        await chat.begin()
        with pytest.raises(Refused) as refusal:
            await chat.say("note three", n=3)
        await assistant.stop()
        return refusal.value

    refusal = run(work())
    assert (refusal.code, refusal.missing) == ("gap", 1)


def test_a_broken_database_does_not_break_the_process(tmp_path):
    """F11, F12: a table that is gone is a plain failure until it is back."""

    async def work():
        assistant = toy(tmp_path)
        await assistant.start()
        chat = Chat(assistant)
        await chat.begin()
        with sqlite3.connect(tmp_path / "kept.db") as database:
            database.execute("DROP TABLE turns")
        code = await refused(chat.say("hello"))
        await assistant.conversations.open()
        again = await chat.say("hello")
        await assistant.stop()
        return code, again

    code, again = run(work())
    assert code == "not_kept"
    assert texts(again) == ["Hello."]
