"""The served process: it trains, starts, is stopped, killed and started again.

It serves the toy assistant from a folder of its own, so that training takes seconds.
"""

import json
import os
import signal
import socket

import pytest
from toy.house import body
from toy.process import PATH, Process, make_project

# Read by Python as it starts: writes down whom the process looks up and calls.
WATCH = """
import os, sys
out = os.open(os.environ["CALLED"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def told(event, args):
    if event.startswith("socket.") and event not in ("socket.__new__", "socket.gethostname"):
        os.write(out, f"{event[7:]} {args[1:] if len(args) > 1 else args}\\n".encode())
os.write(out, b"STARTED\\n")
sys.addaudithook(told)
"""


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


def test_a_killed_process_has_kept_the_message_or_lost_it_whole(project, tmp_path):
    """F6: killed in the middle of a turn, nothing is half done."""
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
    """STO-5: one process for one data folder."""
    first = Process(project, tmp_path / "data").ready()
    second = Process(project, tmp_path / "data")
    _, said = second.process.communicate(timeout=60)
    first.end()

    assert second.process.returncode == 1
    assert "another First Contact is running" in said


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
def test_what_is_wrong_stops_the_start_in_one_sentence(
    project, tmp_path, name, value, said
):
    """F11, F29, OPS-1: a wrong key, force, database or action server is named."""
    env = {f"FIRST_CONTACT_{name}": value}
    process = Process(project, tmp_path / "data", **env)
    out, told = process.process.communicate(timeout=120)

    assert process.process.returncode == 1
    assert "ready at" not in out
    assert told.splitlines()[-1].startswith("First Contact cannot go on: ")
    assert said in told.splitlines()[-1]
    assert "KEY" not in name or value not in out + told


def test_a_model_changed_by_one_byte_is_not_served(project, tmp_path):
    """F25, S14: the seal made at training tells."""
    (model,) = (project / "models").glob("*.tar.gz")
    good = model.read_bytes()
    model.chmod(0o644)
    model.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    process = Process(project, tmp_path / "data")
    _, told = process.process.communicate(timeout=60)
    model.write_bytes(good)

    assert process.process.returncode == 1
    assert "was changed since it was trained" in told


def test_nothing_leaves_this_machine(tmp_path):
    """P5, OPS-6: training, a start, a hundred turns and a crash look up and call no
    address but our own."""
    (tmp_path / "sitecustomize.py").write_text(WATCH)
    project = make_project(tmp_path / "project", trained=False)
    called = tmp_path / "called"
    path = os.pathsep.join([str(tmp_path), PATH])
    process = Process(
        project,
        tmp_path / "data",
        PYTHONPATH=path,
        CALLED=str(called),
        FIRST_CONTACT_TRUSTED_PROXIES="127.0.0.1",
    ).ready()
    for person in range(25):
        token = process.begin(f"192.0.2.{person}")
        for n, text in enumerate(("hello", "note one", "fail", "pick"), 1):
            process.say(token, n if text != "pick" else 3, text)
    process.end(signal.SIGABRT)

    lines = called.read_text().splitlines()
    assert {line.split()[0] for line in lines} >= {"STARTED", "bind"}
    assert len([line for line in lines if line == "STARTED"]) >= 2  # it trained too
    assert [line for line in lines if not is_our_own(line)] == []


def is_our_own(line):
    return any(ours in line for ours in ("STARTED", "'127.0.0.1'", "'::1'"))
