"""The served process while its log is broken, while it is stopped, and what it writes."""

import fcntl
import os
import select
import signal
import socket
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from toy.house import body
from toy.machine import free_port, until
from toy.process import CLOSED, Process

PROXY = {"FIRST_CONTACT_TRUSTED_PROXIES": "127.0.0.1"}
SAID = (
    "hello",
    "note",
    "fail",
    "mute",
    "nonsense",
    "circle",
    "picture",
    "tell",
    "warn",
)
STOPPED_S = 20.0


@pytest.mark.parametrize("level", ["info", "debug"])
def test_no_word_of_anybody_leaves_the_conversation(project, tmp_path, level):
    """P1, LOG-1, LOG-2: a hundred conversations with turns that fail, and nothing of
    them in the log, in temporary files, in the database or in the metrics."""
    folders = {name: tmp_path / name for name in ("temporary", "data")}
    folders["temporary"].mkdir()
    port = free_port()
    with (tmp_path / "log").open("w+") as log:
        process = Process(
            project,
            folders["data"],
            stderr=log,
            TMPDIR=str(folders["temporary"]),
            FIRST_CONTACT_LOG_LEVEL=level,
            FIRST_CONTACT_METRICS_PORT=str(port),
            **PROXY,
        ).ready()
        secrets, codes = hold_conversations(process, 100)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
            metrics = answer.read().decode()
        files = [path for folder in folders.values() for path in folder.rglob("*")]
        written = b"".join(path.read_bytes() for path in files if path.is_file())
        status, _ = process.end()
        log.seek(0)
        lines = log.read()

    assert status == 0
    assert {200, 422, 503} <= codes
    assert "turn.failed" in lines
    assert "first_contact_windows_total 0.0" in metrics
    for secret in secrets:
        assert secret not in lines + metrics + "".join(process.printed)
        assert secret.encode() not in written


def hold_conversations(process, count):
    """Say words found nowhere else; return them, the tokens, and the answers' codes."""

    def hold(person):
        address = f"192.0.2.{person % 250}"
        token, n, codes = process.begin(address), 1, set()
        for text in (SAID[person % len(SAID)], SAID[-1 - person % len(SAID)]):
            words = f"{text} canary{person} 07700 900{person:03}"
            status, _ = process.say(token, n, words, address=address)
            n += status == 200
            codes.add(status)
        return token, n, codes

    with ThreadPoolExecutor(5) as threads:
        held = list(threads.map(hold, range(count)))
    tokens, (*_, n), given = zip(*held, strict=True)
    token, address = tokens[-1], f"192.0.2.{(count - 1) % 250}"
    long = process.say(token, n, "canary " * 1000, address=address)
    odd = process.call("POST", "/chat/messages", {"id": "canary"}, token, address)
    codes = {long[0], odd[0]}.union(*given)
    return ["canary", "192.0.2.", *tokens], codes


@pytest.mark.parametrize("target", ["full", "closed", "unread"])
def test_a_log_that_cannot_be_written_changes_nothing(project, tmp_path, target):
    """F28: the disk is full, the stream is closed, or nobody reads it any more."""
    end, pipe = os.pipe()
    fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096)
    files = {
        "full": os.open("/dev/full", os.O_WRONLY),
        "closed": CLOSED,
        "unread": pipe,
    }
    env = {"FIRST_CONTACT_LOG_LEVEL": "debug", **PROXY}
    process = Process(project, tmp_path / "data", stderr=files[target], **env).ready()
    answers = []
    for person in range(20):
        address = f"192.0.2.{person}"
        token = process.begin(address)
        said = [process.say(token, 1, text, address=address) for text in SAID[2::-2]]
        answers += [status for status, _ in said]
    os.close(end)
    token = process.begin()
    after, _ = process.say(token, 1, "hello")
    process.process.send_signal(signal.SIGTERM)
    status = process.process.wait(STOPPED_S)

    assert answers == [503, 200] * 20
    assert (after, status) == (200, 0)


def test_told_to_stop_it_ends_what_runs_and_tells_who_waits(serving):
    """F7, OPS-1, OPS-3: what takes two seconds is kept, what hangs and who waits is told,
    a second signal changes nothing, and the exit is clean."""
    service = serving().begin()
    before = until(lambda: service.asked("/ready"))
    until(lambda: "is ready at" in service.written())
    tokens = [service.open(f"192.0.2.{n}") for n in range(5)]
    naps = [ask(service, token, 1, "nap") for token in tokens]
    token = service.open()
    hangs, waits = ask(service, token, 1, "hang"), ask(service, token, 2, "hello")
    # What is asked after them is answered after they have been heard.
    assert service.asked("/live") == service.asked("/live") == 200

    since = time.monotonic()
    os.kill(service.pid, signal.SIGTERM)
    told = service.answer(waits)
    ready = service.asked("/ready")
    os.kill(service.pid, signal.SIGTERM)
    _, late = service.call("POST", "/chat/session", {})
    unanswered = select.select([hangs.sock, naps[0].sock], [], [], 0)[0]
    napped = [service.answer(nap) for nap in naps]
    hung = service.answer(hangs)
    status = service.wait()

    assert (before, ready, unanswered) == (200, 503, [])
    assert (told[1]["error"], late["error"]) == ("stopping", "stopping")
    assert [answer["messages"][0]["text"] for _, answer in napped] == ["Awake."] * 5
    assert hung[1]["error"] == "not_kept"
    assert status == 0
    assert time.monotonic() - since <= STOPPED_S


def ask(service, token, n, text):
    """Say something and wait for no answer."""
    return service.ask("POST", "/chat/messages", body(n, text), token)


def test_a_port_that_somebody_takes_meanwhile_stops_the_start(serving):
    """OPS-1: it can be bound by two, and listened on by one."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        service = serving(port=port)
        service.env = {}
        service.begin()
        until((service.folder / "session.key").exists)  # made once it is bound
        other.listen()
        status = service.wait()

    assert status == 1
    said = f"cannot listen on 127.0.0.1:{port}: Address already in use."
    last = service.written().splitlines()[-1]
    assert last == f"First Contact cannot go on: {said}"
