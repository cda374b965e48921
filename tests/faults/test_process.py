"""The served process: it trains, starts, is stopped, killed and started again.

It serves the toy assistant from a folder of its own, so that training takes seconds.
"""

import json
import signal
import socket

import pytest
from toy.house import body
from toy.process import Process, make_project


def test_it_trains_serves_stops_when_told_and_goes_on_where_it_was(tmp_path):
    """F7, OPS-3: a conversation outlives the process."""
    project = make_project(tmp_path / "project", trained=False)
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


ID = "8b9c2c8e-6f0e-4b53-9a55-6d1d0a2f7b11"


def test_a_killed_process_has_kept_the_message_or_lost_it_whole(serving):
    """F6: killed in the middle of a turn, nothing is half done."""
    service = serving().start()
    token = service.open()
    service.say(token, 1, "note one")
    waiting = socket.create_connection(("127.0.0.1", service.port))
    text = json.dumps(body(2, "note two", id=ID))
    waiting.sendall(
        f"POST /chat/messages HTTP/1.1\r\nHost: x\r\nOrigin: {service.origin}\r\n"
        f"Content-Type: application/json\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Length: {len(text)}\r\n\r\n{text}".encode()
    )
    service.end(signal.SIGKILL)

    service.start()
    again = service.say(token, 2, "note two", id=ID)
    after = service.say(token, 3, "note three")

    assert again[1]["messages"][0]["text"] == "2: note two"
    assert after[1]["messages"][0]["text"] == "3: note three"


def test_a_second_process_on_the_same_folder_is_turned_away(serving):
    """STO-5: one process for one data folder."""
    serving("data").start()
    second = serving("data")

    assert second.begin().wait() == 1
    assert "another First Contact is running" in second.written()


EXAMPLE = "changeme-" * 5


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SESSION_KEY", "shortcanary", "shorter than 32 bytes"),
        ("SESSION_KEY", EXAMPLE, "example"),
        ("SESSION_KEY_FILE", "/nowhere/key", "the file cannot be read"),
        ("FORCE", "nowhere", "nowhere.yml: there is no such file"),
        ("ORIGINS", "https://a.example", "FIRST_CONTACT_SESSION_KEY"),
        ("DATABASE_URL", "sqlite:////nowhere/x.db", "cannot be made"),
        ("ACTION_URL", "http://127.0.0.1:9/webhook", "does not answer"),
    ],
)
def test_what_is_wrong_stops_the_start_in_one_sentence(serving, name, value, said):
    """F11, F29, OPS-1: a wrong key, force, database or action server is named."""
    service = serving()
    service.env = {name: value}
    status, told = service.begin().wait(), service.written()

    assert status == 1
    assert "ready at" not in told
    assert told.splitlines()[-1].startswith("First Contact cannot go on: ")
    assert said in told.splitlines()[-1]
    assert "KEY" not in name or value not in told


def test_a_model_changed_by_one_byte_is_not_served(serving):
    """F25, S14: the seal made at training tells."""
    service = serving()
    (model,) = (service.nursery.project / "models").glob("*.tar.gz")
    good = model.read_bytes()
    model.chmod(0o644)
    model.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    status = service.begin().wait()
    model.write_bytes(good)

    assert status == 1
    assert "was changed since it was trained" in service.written()
