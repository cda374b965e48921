"""From training to the first answer on a machine that reaches nothing but itself."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

from toy.house import FILES, body

ROOT = Path(__file__).parents[2]
ENDPOINTS = """
tracker_store:
  type: bot.store.ConversationStore
action_endpoint:
  package: toy.actions
"""
# Loaded by every Python of the test before anything else: no call may leave, and a
# name that would have to be looked up elsewhere is an error.
CUT_OFF = """
import sys

OWN = ("127.0.0.1", "localhost", "::1", "0.0.0.0", "", None)

def cut_off(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        address = arguments[1][0]
    elif event == "socket.getaddrinfo":
        address = arguments[0]
    else:
        return
    if address not in OWN:
        raise OSError("there is no network")

sys.addaudithook(cut_off)
"""


def post(address, value, origin, token=""):
    headers = {"Origin": origin, "Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(address, json.dumps(value).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_it_trains_packs_checks_and_serves_with_no_network(tmp_path):
    """D6: no step from the sources to an answer needs anything from elsewhere."""
    project = tmp_path / "project"
    shutil.copytree(FILES, project)
    (project / "endpoints.yml").write_text(ENDPOINTS)
    (project / "credentials.yml").write_text("bot.channel.WebChat:\n")
    (tmp_path / "sitecustomize.py").write_text(CUT_OFF)
    path = os.pathsep.join(map(str, (tmp_path, ROOT, ROOT / "tests")))
    env = {**os.environ, "PYTHONPATH": path, "http_proxy": "", "https_proxy": ""}

    def bot(*arguments):
        command = [sys.executable, "-m", "bot", *arguments]
        done = subprocess.run(
            command, cwd=project, env=env, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    cut_off = subprocess.run(
        [sys.executable, "-c", "import socket; socket.create_connection(('::2', 9))"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    trained, told = bot("train")
    models = list((project / "models").glob("*.tar.gz"))
    checked, findings = bot("check")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        here = f"http://127.0.0.1:{free.getsockname()[1]}"
    port = here.rpartition(":")[2]
    serving = subprocess.Popen(
        [sys.executable, "-m", "bot", "serve", "--port", port],
        cwd=project,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        printed = next((line for line in serving.stdout if here in line), "")
        session = post(f"{here}/chat/session", {}, here)
        message = body(1, "note one")
        answer = post(f"{here}/chat/messages", message, here, session["token"])
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.communicate(timeout=60)

    assert "there is no network" in cut_off.stderr
    assert trained == 0, told
    assert len(models) == 1
    assert checked == 0, findings
    assert printed.startswith("First Contact is ready at")
    assert answer["messages"][0]["text"] == "1: note one"
