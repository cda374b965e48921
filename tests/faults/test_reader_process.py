"""The real assistant reads in a process of its own, and outlives the loss of it."""

import contextlib
import os
import signal
from pathlib import Path

import pytest
from toy.machine import until
from toy.process import ROOT, Process

ACCOUNT = "my ex keeps waiting outside my flat and he sends me messages all day"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    process = Process(ROOT, tmp_path_factory.mktemp("data")).ready()
    yield process
    process.end()


def readers_of(process):
    """Return the processes that a served process has started."""
    tasks = Path(f"/proc/{process.process.pid}/task").glob("*/children")
    return [int(pid) for file in tasks for pid in file.read_text().split()]


def texts(answer):
    status, body = answer
    assert status == 200, body
    return " ".join(part.get("text", "") for part in body["messages"])


def test_a_reader_that_is_killed_is_missed_by_nobody(served):
    """F6, OPS-4: killed between two messages, and again while it reads."""
    token = served.begin()
    (reader,) = readers_of(served)
    os.kill(reader, signal.SIGKILL)
    told = texts(served.say(token, 1, ACCOUNT))
    (another,) = readers_of(served)

    asked = served.ask(token, 2, "yes, it happens most days and it is still going on")
    os.kill(another, signal.SIGKILL)
    status, _ = served.answer(asked)

    assert "waiting outside my flat" in told
    assert reader != another
    assert status == 200


def test_danger_is_answered_with_no_reader_at_all(served):
    """F5, TRN-6: each try to read fails; 999 comes first all the same."""
    token = served.begin()
    asked = served.ask(token, 1, "he is outside now and trying to get in")
    killed = set()

    def are_killed():
        for pid in readers_of(served):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            killed.add(pid)
        return len(killed) > 2

    until(are_killed)
    status, body = served.answer(asked)

    assert status in (200, 503)
    assert body["messages"][0]["kind"] == "danger"


def test_it_is_not_ready_until_it_reads_again_and_then_it_is(served):
    """OPS-1, OPS-4."""
    until(lambda: served.call("GET", "/ready")[0] == 200)
    (reader,) = readers_of(served)

    os.kill(reader, signal.SIGKILL)

    until(lambda: served.call("GET", "/ready")[0] == 503)
    until(lambda: served.call("GET", "/ready")[0] == 200)


def test_it_goes_when_the_service_is_killed(tmp_path):
    process = Process(ROOT, tmp_path).ready()
    (reader,) = readers_of(process)

    process.end(signal.SIGKILL)

    assert until(lambda: not Path(f"/proc/{reader}").exists())
