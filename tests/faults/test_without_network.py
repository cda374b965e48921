"""From training to a crash on a machine that reaches nothing but itself."""

import os
import signal
import subprocess
import sys

import pytest
from toy.process import PATH, Process, make_project

pytestmark = pytest.mark.first_half

# Loaded by every Python of the test before anything else: no call may leave, a name that
# would have to be looked up elsewhere is an error, and each is written down.
CUT_OFF = """
import os, sys

OWN = ("127.0.0.1", "localhost", "::1", "0.0.0.0", "", None)
out = os.open(os.environ["CALLED"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)

def cut_off(event, arguments):
    if not event.startswith("socket."):
        return
    if event not in ("socket.__new__", "socket.gethostname"):
        told = arguments[1:] if len(arguments) > 1 else arguments
        os.write(out, f"{event[7:]} {told}\\n".encode())
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        address = arguments[1][0]
    elif event == "socket.getaddrinfo":
        address = arguments[0]
    else:
        return
    if address not in OWN:
        raise OSError("there is no network")

os.write(out, b"STARTED\\n")
sys.addaudithook(cut_off)
"""
ELSEWHERE = "import socket; socket.create_connection(('::2', 9))"
PERSONS = 25


def test_from_training_to_a_crash_nothing_needs_a_network_or_asks_for_one(tmp_path):
    """D6, P5, OPS-6: it trains, packs, checks, serves a hundred turns and crashes; nothing
    needs anything from elsewhere, and no address but our own is looked up or called."""
    project = make_project(tmp_path / "project", trained=False)
    (tmp_path / "sitecustomize.py").write_text(CUT_OFF)
    called = tmp_path / "called"
    path = os.pathsep.join([str(tmp_path), PATH])
    proxies = {"http_proxy": "", "https_proxy": ""}
    env = {"PYTHONPATH": path, "CALLED": str(called), **proxies}

    def run(*arguments):
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command,
            cwd=project,
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    _, cut_off = run("-c", ELSEWHERE)
    called.unlink()
    trained, told = run("-m", "bot", "train")
    models = list((project / "models").glob("*.tar.gz"))
    checked, findings = run("-m", "bot", "check")
    believed = {"FIRST_CONTACT_TRUSTED_PROXIES": "127.0.0.1"}
    process = Process(project, tmp_path / "data", **env, **believed).ready()
    answers = [talk(process, f"192.0.2.{person}") for person in range(PERSONS)]
    process.end(signal.SIGABRT)

    assert "there is no network" in cut_off
    assert trained == 0, told
    assert len(models) == 1
    assert checked == 0, findings
    assert answers == [[200, 200, 503, 200]] * PERSONS
    lines = called.read_text().splitlines()
    assert {line.split()[0] for line in lines} >= {"STARTED", "bind"}
    assert len([line for line in lines if line == "STARTED"]) >= 3
    assert [line for line in lines if not is_our_own(line)] == []


def talk(process, address):
    """Say four things, of which one fails; return how each was answered."""
    token = process.begin(address)
    said = ((1, "hello"), (2, "note one"), (3, "fail"), (3, "pick"))
    return [process.say(token, n, text, address=address)[0] for n, text in said]


def is_our_own(line):
    return any(ours in line for ours in ("STARTED", "'127.0.0.1'", "'::1'"))
